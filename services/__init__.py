"""The four services; each is independent of the others."""
