"""The result of a check: passed, a finding, or the reason it was skipped; and how results are printed."""

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
class Passed:
    """A check that passed, and what it saw."""

    subject: Text
    seen: Text


@dataclass(frozen=True)
class Skipped:
    """A check that could not be made, and why."""

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


Remark = Passed | Skipped | Finding

_WORDS = {
    "well": Text("正常", "ok"),
    "wrong": Text("异常", "WRONG"),
    "not": Text("未查", "--"),
    "why": Text("原因", "why"),
    "type": Text("输入", "type"),
}
_NOT_CHECKED = Text("未检查，因为", "not checked, because ")
_BETWEEN = Text("：", ": ")
_WIDTH = 7


def language_of(given: Mapping[str, str]) -> Language:
    """Chinese where the environment's locale is Chinese, else English (POSIX: LC_ALL before LC_MESSAGES before LANG)."""
    locale = given.get("LC_ALL") or given.get("LC_MESSAGES") or given.get("LANG") or ""
    return "zh" if locale.startswith("zh") else "en"


def for_people(remarks: Sequence[Remark], language: Language) -> str:
    """A line per check that passed, at most three per finding, and one per reason for skipped checks."""
    lines = []
    not_looked_at: dict[Text, list[str]] = {}
    for remark in remarks:
        if isinstance(remark, Finding):
            lines.append(_line("wrong", remark.wrong.of(language), language))
            if remark.why is not None:
                lines.append(_line("why", remark.why.of(language), language))
            lines.append(_line("type", remark.command, language))
        elif isinstance(remark, Passed):
            words = f"{remark.subject.of(language)}{_BETWEEN.of(language)}{remark.seen.of(language)}"
            lines.append(_line("well", words, language))
        else:
            not_looked_at.setdefault(remark.because, []).append(remark.subject.of(language))
    for because, subjects in not_looked_at.items():
        words = f"{_NOT_CHECKED.of(language)}{because.of(language)}{_BETWEEN.of(language)}{', '.join(subjects)}"
        lines.append(_line("not", words, language))
    return "\n".join([*lines, "", _last_line(remarks).of(language)])


def for_scripts(remarks: Sequence[Remark], language: Language) -> str:
    """A JSON object: healthy, findings, looked_at, not_looked_at."""
    findings: list[dict[str, Any]] = [
        {
            "code": finding.code,
            "about": finding.about,
            "wrong": finding.wrong.of(language),
            "why": finding.why.of(language) if finding.why else None,
            "type": finding.command,
        }
        for finding in remarks
        if isinstance(finding, Finding)
    ]
    looked = [
        {"subject": passed.subject.of(language), "seen": passed.seen.of(language)}
        for passed in remarks
        if isinstance(passed, Passed)
    ]
    skipped = [
        {"subject": check.subject.of(language), "because": check.because.of(language)}
        for check in remarks
        if isinstance(check, Skipped)
    ]
    whole = {"healthy": not findings, "findings": findings, "looked_at": looked, "not_looked_at": skipped}
    return json.dumps(whole, ensure_ascii=False, indent=1)


def _line(word: str, text: str, language: Language) -> str:
    shown = _WORDS[word].of(language)
    indented = f"   {shown}" if word in ("why", "type") else shown
    columns = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in indented)
    return f"{indented}{' ' * max(1, _WIDTH + 1 - columns)}{' '.join(text.split())}"


def _last_line(remarks: Sequence[Remark]) -> Text:
    findings = sum(isinstance(remark, Finding) for remark in remarks)
    skipped = sum(isinstance(remark, Skipped) for remark in remarks)
    if findings:
        return Text(f"发现 {findings} 处异常。", f"{findings} finding{'s' if findings > 1 else ''}.")
    if skipped:
        return Text(f"未发现异常；{skipped} 项未检查。", f"Nothing found; {skipped} not checked.")
    return Text("一切正常。", "All well.")
