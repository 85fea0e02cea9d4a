"""The demo city: invented people in real files, loaded through the public API alone."""
