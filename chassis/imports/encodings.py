"""From bytes to text: UTF-8 or GB18030, and nothing that would only look like one of them.

GB18030 gives nearly any bytes a meaning, so a text that cannot be UTF-8 is weighed before it is taken for one: text that is
UTF-8 but for a few bytes, Big5 and the alphabets of the West would all become rare characters. Standard library only.
"""

from __future__ import annotations

import codecs
import re

from chassis.imports.reasons import FileRefused

UTF_8, GB18030, BIG5 = "UTF-8", "GB18030", "Big5"
BOM = "\ufeff"
"""Programs put it at the beginning, some twice."""

for _name in (UTF_8, GB18030, BIG5, "cp437"):  # cp437 is that of file names in archives
    codecs.lookup(_name)  # loads it, while this process still may

_OF_UTF_8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_ASCII = bytes(range(128))
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
WEIGHED = 2**20
"""Bytes that are weighed, from the first beyond ASCII on."""
#: A character of GB18030, and one of GB 2312: its first level, in everyday use, is B0-D7; A1-A3 are punctuation and digits.
_OF_GB18030 = re.compile(rb"[\x81-\xfe](?:[\x30-\x39][\x81-\xfe][\x30-\x39]|[\x40-\xfe])")
_OF_BIG5 = re.compile(rb"[\x81-\xfe][\x40-\xfe]")
#: Of the characters of a Chinese text at least so many stand in GB 2312, or else it is none.
LEAST_COMMON = 0.3


def decode(content: bytes) -> tuple[str, str]:
    """The text of a file without its byte order marks, and its encoding; refuses (FileRefused) what is in neither."""
    try:
        return content.decode(UTF_8).lstrip(BOM), UTF_8
    except UnicodeDecodeError:
        pass
    sample = _sample(content)
    if _is_damaged_utf_8(sample):
        raise FileRefused("file_encoding_unknown")
    try:
        text = content.decode(GB18030)
    except UnicodeDecodeError as error:
        raise FileRefused("file_encoding_unknown") from error
    if not _is_gb18030(sample.removeprefix(BOM.encode(GB18030))):
        raise FileRefused("file_encoding_unknown")
    return text.lstrip(BOM), GB18030


def _sample(content: bytes) -> bytes:
    first = _BEYOND_ASCII.search(content)
    return content[first.start() : first.start() + WEIGHED] if first else b""


def _is_damaged_utf_8(content: bytes) -> bool:
    """Whether most bytes beyond ASCII form characters of UTF-8. In GB 2312 those of three bytes come by chance at one
    character in sixty, those of two at one in five.
    """
    beyond = len(content.translate(None, _ASCII))
    found = [len(one) for one in _OF_UTF_8.findall(content)]
    long = sum(length for length in found if length > 2)
    return 3 * long >= 2 * beyond or 10 * sum(found) >= 9 * beyond


def _is_gb18030(content: bytes) -> bool:
    characters = _OF_GB18030.findall(content)
    if not characters:
        return True
    common = sum(_is_in(one, (0xA1, 0xA3), (0xB0, 0xF7)) and one[1] >= 0xA1 for one in characters)
    if common < LEAST_COMMON * len(characters):
        return False
    everyday = sum(_is_in(one, (0xA1, 0xA3), (0xB0, 0xD7)) and one[1] >= 0xA1 for one in characters)
    return bool(everyday / len(characters) >= _everyday_in_big5(content))


def _everyday_in_big5(content: bytes) -> float:
    """The share of characters that would be everyday ones, were this Big5: punctuation, and its first level A4-C6."""
    try:
        codecs.getincrementaldecoder(BIG5)().decode(content)  # the sample may end within a character
    except UnicodeDecodeError:
        return 0
    characters = _OF_BIG5.findall(content)
    return sum(_is_in(one, (0xA1, 0xC6)) for one in characters) / len(characters)


def _is_in(character: bytes, *ranges: tuple[int, int]) -> bool:
    return len(character) == 2 and any(first <= character[0] <= last for first, last in ranges)
