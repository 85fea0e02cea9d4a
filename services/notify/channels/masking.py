"""The law of masking: what of an address anyone may see."""

from __future__ import annotations


def mask_email(address: str) -> str:
    """The first character, three stars, and the domain: ``z***@example.com``."""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}***@{domain}"
