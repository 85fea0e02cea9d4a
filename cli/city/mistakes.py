"""What is wrong with a pack: the file, the key, what is wrong and what to write instead, in Chinese and English."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from cli import language


@dataclass(frozen=True)
class Words:
    """One text in both languages."""

    zh: str
    en: str

    @property
    def chosen(self) -> str:
        """The one in the language of this run."""
        return language.pick(self.zh, self.en)


@dataclass(frozen=True)
class Mistake:
    """One place of a pack that is wrong; `path` is the key in its file, e.g. ``figures[0].unit``."""

    file: str
    path: str
    wrong: Words
    instead: Words

    @property
    def line(self) -> str:
        """File, key, what is wrong and what to write, on one line."""
        where = f"{self.file}: {self.path}" if self.path else self.file
        return f"{where}: {self.wrong.chosen} {self.instead.chosen}".rstrip()


@dataclass(frozen=True)
class Remark:
    """What a reader of a pack should know, and no mistake: a year whose holidays are not announced yet."""

    file: str
    path: str
    words: Words

    @property
    def line(self) -> str:
        """File, key and text on one line."""
        return f"{self.file}: {self.path}: {self.words.chosen}"


def unknown(file: str, path: str, name: str, what: Words, known: Iterable[str]) -> Mistake:
    """`name` refers to a `what` that nobody defines."""
    wrong = Words(f"没有{what.zh}“{name}”。", f"There is no {what.en} “{name}”.")
    return Mistake(file, path, wrong, one_of(name, known))


def twice(file: str, path: str, name: str, first: str) -> Mistake:
    """`name` is defined a second time; the first is in `first`."""
    wrong = Words(f"“{name}”已在 {first} 中定义。", f"“{name}” is defined in {first} already.")
    instead = Words("请改用另一个键，或删去其中一处。", "Write another key, or remove one of the two.")
    return Mistake(file, path, wrong, instead)


def one_of(name: str, known: Iterable[str]) -> Words:
    """Which of the known names to write: the nearest, else all of them."""
    names = sorted(known)
    if near := difflib.get_close_matches(name, names, 1, 0.6):
        return Words(f"是否应为“{near[0]}”？", f"Did you mean “{near[0]}”?")
    if not names:
        return Words("请先定义。", "Define it first.")
    shown = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    return Words(f"请写下列之一：{shown}。", f"Write one of: {shown}.")
