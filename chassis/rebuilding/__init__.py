"""Copies that were lost: current state published again, and a copy compared with its source."""
