"""Benchmarks, each beside its baseline in the same run. Start with ``make bench``."""
