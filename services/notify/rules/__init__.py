"""The pure law of notify: values in, decision out."""
