"""Keyrings, what they seal and look up, and signed tokens."""
