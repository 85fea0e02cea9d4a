"""What the doctor says of one thing: it is well, something is wrong, or why it was not looked at; and how that is printed."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Language = Literal["zh", "en"]


class Text(NamedTuple):
    """One text in both languages."""

    zh: str
    en: str

    def of(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Well:
    """It was looked at, and this is what was seen."""

    subject: Text
    seen: Text


@dataclass(frozen=True)
class NotLookedAt:
    """It could not be looked at."""

    subject: Text
    because: Text


@dataclass(frozen=True)
class Finding:
    """Something is wrong: `code` for scripts, `about` the port, program, service or queue, `command` what to type."""

    code: str
    about: str
    wrong: Text
    command: str
    why: Text | None = None


Remark = Well | NotLookedAt | Finding

_WORDS = {
    "well": Text("正常", "ok"),
    "wrong": Text("异常", "WRONG"),
    "not": Text("未查", "--"),
    "why": Text("原因", "why"),
    "type": Text("输入", "type"),
}
_NOT_LOOKED_AT = Text("未检查，因为", "not looked at, because ")
_BETWEEN = Text("：", ": ")
_WIDTH = 7


def language_of(given: Mapping[str, str]) -> Language:
    """Chinese where the environment's locale is Chinese, else English (POSIX: LC_ALL before LC_MESSAGES before LANG)."""
    locale = given.get("LC_ALL") or given.get("LC_MESSAGES") or given.get("LANG") or ""
    return "zh" if locale.startswith("zh") else "en"


def for_people(remarks: Sequence[Remark], language: Language) -> str:
    """A line per thing that is well, three at most per finding, and one per reason why things were not looked at."""
    lines = []
    not_looked_at: dict[Text, list[str]] = {}
    for remark in remarks:
        if isinstance(remark, Finding):
            lines.append(_line("wrong", remark.wrong.of(language), language))
            if remark.why is not None:
                lines.append(_line("why", remark.why.of(language), language))
            lines.append(_line("type", remark.command, language))
        elif isinstance(remark, Well):
            words = f"{remark.subject.of(language)}{_BETWEEN.of(language)}{remark.seen.of(language)}"
            lines.append(_line("well", words, language))
        else:
            not_looked_at.setdefault(remark.because, []).append(remark.subject.of(language))
    for because, subjects in not_looked_at.items():
        words = f"{_NOT_LOOKED_AT.of(language)}{because.of(language)}{_BETWEEN.of(language)}{', '.join(subjects)}"
        lines.append(_line("not", words, language))
    return "\n".join([*lines, "", _last_line(remarks).of(language)])


def for_scripts(remarks: Sequence[Remark], language: Language) -> str:
    """One JSON object: healthy, findings, looked_at, not_looked_at."""
    findings: list[dict[str, Any]] = [
        {
            "code": one.code,
            "about": one.about,
            "wrong": one.wrong.of(language),
            "why": one.why.of(language) if one.why else None,
            "type": one.command,
        }
        for one in remarks
        if isinstance(one, Finding)
    ]
    looked = [
        {"subject": one.subject.of(language), "seen": one.seen.of(language)} for one in remarks if isinstance(one, Well)
    ]
    skipped = [
        {"subject": one.subject.of(language), "because": one.because.of(language)}
        for one in remarks
        if isinstance(one, NotLookedAt)
    ]
    whole = {"healthy": not findings, "findings": findings, "looked_at": looked, "not_looked_at": skipped}
    return json.dumps(whole, ensure_ascii=False, indent=1)


def _line(word: str, text: str, language: Language) -> str:
    shown = _WORDS[word].of(language)
    indented = f"   {shown}" if word in ("why", "type") else shown
    columns = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in indented)
    return f"{indented}{' ' * max(1, _WIDTH + 1 - columns)}{' '.join(text.split())}"


def _last_line(remarks: Sequence[Remark]) -> Text:
    findings = sum(isinstance(one, Finding) for one in remarks)
    skipped = sum(isinstance(one, NotLookedAt) for one in remarks)
    if findings:
        return Text(f"发现 {findings} 处异常。", f"{findings} finding{'s' if findings > 1 else ''}.")
    if skipped:
        return Text(f"未发现异常；{skipped} 项未检查。", f"Nothing found; {skipped} not looked at.")
    return Text("一切正常。", "All well.")
