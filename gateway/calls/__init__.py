"""Calls to the services: one request out, one answer back."""
