"""Which of the two languages an answer is written in (RFC 9110, section 12.5.4; BCP 47)."""

from __future__ import annotations

from typing import Literal

from flask import request

Language = Literal["zh-CN", "en"]

DEFAULT: Language = "zh-CN"
LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")


def preferred() -> Language:
    """The language the client requests; Chinese where it requests none, or one there is no text in."""
    if not request.accept_languages:
        return DEFAULT
    best = request.accept_languages.best_match(LANGUAGES, DEFAULT)
    return "en" if best == "en" else DEFAULT


def pick(zh: str, en: str, language: Language) -> str:
    """The one of two texts that is in `language`."""
    return en if language == "en" else zh
