"""The law of personal names: one spelling, and what cannot be a name."""

from __future__ import annotations

import re
import unicodedata

from contracts.language.violations import Violation

MAX_LENGTH = 100
#: The dot within names of many peoples is typed in many ways; U+00B7 is the one of the national standard.
_DOTS = re.compile(r"[•‧∙⋅・･．●]")
_SPACES = re.compile(r"[\s\u3000]+")
_BETWEEN_IDEOGRAPHS = re.compile(r"(?<=[\u2e80-\U0003ffff])\s(?=[\u2e80-\U0003ffff])")
_PUNCTUATION = "·'’-., "


def read_name(text: str) -> str | Violation:
    """The name in its one spelling, or what is wrong with it. Spaces that only align a two-character name are dropped."""
    composed = unicodedata.normalize("NFC", text)
    visible = "".join(char for char in composed if char.isspace() or unicodedata.category(char) not in ("Cf", "Cc"))
    name = _BETWEEN_IDEOGRAPHS.sub("", _SPACES.sub(" ", _DOTS.sub("·", visible)).strip())
    if not name:
        return Violation("name", "name_empty", "姓名不能为空。", "The name is empty.")
    if len(name) > MAX_LENGTH:
        zh, en = f"姓名不得超过 {MAX_LENGTH} 个字。", f"The name must not be longer than {MAX_LENGTH} characters."
        return Violation("name", "name_too_long", zh, en)
    if not all(_may_stand_in_a_name(char) for char in name) or not any(char.isalpha() for char in name):
        return Violation(
            "name",
            "name_malformed",
            "姓名只能包含文字、间隔号、连字符和空格。",
            "A name has letters, dots, hyphens and spaces only.",
        )
    return name


def _may_stand_in_a_name(char: str) -> bool:
    # L letters, M marks, Nl holds 〇, Co the private-use characters older systems write rare names in
    return char in _PUNCTUATION or unicodedata.category(char)[0] in "LM" or unicodedata.category(char) in ("Nl", "Co")
