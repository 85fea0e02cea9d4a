"""The pure law of talent: values in, decision out. Standard library only; no clock, no I/O, no logging."""
