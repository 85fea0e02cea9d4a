"""The city pack at the command line: read, checked, compared with the platform, applied and exported (``cli.city.commands``)."""
