"""The law of personal names: one spelling, whichever door a name comes in by, and what cannot be a name.

Decided here once: forms that only look different (NFKC), radicals typed for the characters they are, the dot within names of
many peoples, blanks, and notes behind a name. A roster and ``POST /v1/people`` both pass it.
"""

from __future__ import annotations

import re
import unicodedata

from contracts.language.violations import Violation

MAX_LENGTH = 100
#: The dot within names of many peoples is typed in many ways; U+00B7 is the one of the national standard. The last is what NFKC
#: makes of U+02D9.
_DOTS = re.compile(r" *(?:[·•‧∙⋅・●﹒᛫⸱⸳ꞏ⦁]| \u0307) *")
_IDEOGRAPH = r"[\u2e80-\u2fff\u3005-\u3007\u3400-\U0003ffff]"
#: A full stop between ideographs, Chinese or not, is that dot too; between letters it ends an initial (J. Smith).
_STOPS = re.compile(rf"(?<={_IDEOGRAPH}) *[.。｡] *(?={_IDEOGRAPH})")
#: A spreadsheet's apostrophe, which only says that a text follows.
_TEXT_MARK = re.compile(rf"['’‘‛`´ʼʹ′ʻ]+ *(?={_IDEOGRAPH})")
_SPACES = re.compile(r"\s+")
_BETWEEN_IDEOGRAPHS = re.compile(r"(?<=[\u2e80-\U0003ffff])\s(?=[\u2e80-\U0003ffff])")
#: Lists of names put the sex and the people of some behind them: 张三（女，回族）.
_NOTE = re.compile(r" *\((?:[男女]性?|[\u4e00-\u9fff]{1,5}族|[、,/ ])+\)$")
_PUNCTUATION = "·'’-., "

#: Radicals that NFKC leaves as they are, and the characters they are (Unicode, EquivalentUnifiedIdeograph.txt). Those of
#: Kangxi, U+2F00-2FD5, are compatibility forms. Input methods and scanners give them for the characters.
_RADICALS = str.maketrans(
    "⺁⺄⺈⺊⺌⺍⺎⺒⺓⺛⺜⺝⺞⺠⺢⺤⺥⺧⺩⺫⺬⺮⺯⺰⺶⺻⺼⺽⻁⻄⻅⻆⻉⻋⻑⻓⻔⻗⻘⻙⻚⻛⻜⻝⻟⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲",
    "厂乙刀卜小小兀巳幺旡日月歺民氺爫爫牛王目示竹糹纟羊聿肉臼虎西见角贝车長长门雨青韦页风飞食飠马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀",
)


def read_name(text: str) -> str | Violation:
    """The name in its one spelling, or what is wrong with it. Spaces that only align a two-character name are dropped."""
    name = one_name(text)
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


def one_name(text: str) -> str:
    """The text in the spelling names are kept and compared in; it may still be no name. Twice is as good as once."""
    folded = unicodedata.normalize("NFKC", text).translate(_RADICALS)
    visible = "".join(char for char in folded if char.isspace() or unicodedata.category(char) not in ("Cf", "Cc"))
    name = _SPACES.sub(" ", visible).strip()
    if (mark := _TEXT_MARK.match(name)) is not None:
        name = name[mark.end() :]
    while (without := _NOTE.sub("", name)) != name:
        name = without
    return _BETWEEN_IDEOGRAPHS.sub("", _STOPS.sub("·", _DOTS.sub("·", name)).strip())


def is_same_name(kept: str, reported: str) -> bool:
    """Whether a reported name, in its one spelling, is the one on record, which may be older than that spelling."""
    return kept == reported or one_name(kept) == reported


def _may_stand_in_a_name(char: str) -> bool:
    # L letters, M marks, Nl holds 〇, Co the private-use characters older systems write rare names in
    return char in _PUNCTUATION or unicodedata.category(char)[0] in "LM" or unicodedata.category(char) in ("Nl", "Co")
