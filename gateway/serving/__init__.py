"""Serving HTTP: workers, limits, health, metrics."""
