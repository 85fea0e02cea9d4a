"""The law of organisations' names: which two spellings are one name."""

from __future__ import annotations

from services.talent.rules.writing import one_spelling


def name_key(name: str) -> str:
    """The name as it is compared: full-width as half-width, capitals, no spaces (（虚构） equals (虚构))."""
    return one_spelling(name)
