"""The pure law of perks: values in, decision out."""
