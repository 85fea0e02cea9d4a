"""The pure law of events: values in, decision out."""
