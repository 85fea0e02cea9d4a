"""The report as it is read: text, and a page that stands for itself. Numbers as the office writes them, sentences of our own.

What is not counted is written in words: not reported, planned, advocated, unavailable; never as a number.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import html
from collections.abc import Iterator, Mapping
from typing import Any

from contracts.programmes import ADVOCATED, PLANNED, RUNNING
from gateway.http.languages import Language, pick
from gateway.reports.counting import COUNTED, NOT_REPORTED, UNAVAILABLE
from gateway.reports.displays import chinese

WORDS: dict[str, tuple[str, str]] = {
    NOT_REPORTED: ("未报送", "not reported"),
    PLANNED: ("规划中", "being planned"),
    ADVOCATED: ("倡导", "advocated"),
    UNAVAILABLE: ("暂不可用", "not available at the moment"),
}
_HEADS = (("指标", "Figure"), ("数值", "Number"), ("记录", "Records"), ("报送部门", "Reported by"))
STYLE = """
body { font: 1.05rem/1.7 system-ui, "Noto Sans CJK SC", sans-serif; max-width: 50rem; margin: 0 auto; padding: 1rem; }
body { color: #1b1b1b; background: #fff; }
table { border-collapse: collapse; width: 100%; margin-bottom: 1rem; font-size: 0.95rem; }
th, td { text-align: left; vertical-align: top; padding: 0.2rem 0.6rem 0.2rem 0; border-bottom: 1px solid #767676; }
a { color: #0b4f9e; }
"""
_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
#: Nothing from outside, no script; the one style of the page itself.
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{as_of}</p>
{content}</main>
</body>
</html>
"""

Report = Mapping[str, Any]
#: The report's title, and the names of its figures by key.
About = Mapping[str, Any]


def text(report: Report, about: About, language: Language) -> str:
    """The report as plain text."""
    lines = [about["title"][language], _as_of(report, language)]
    for heading, programmes in _chapters(report, language):
        lines += ["", heading]
        for title, programme in programmes:
            lines += ["", title, _sentence(programme, about, language)]
    return "\n".join(lines) + "\n"


def page(report: Report, about: About, language: Language) -> str:
    """The report as an HTML page."""
    content = []
    for heading, programmes in _chapters(report, language):
        content.append(f"<h2>{html.escape(heading)}</h2>\n")
        for title, programme in programmes:
            sentence = html.escape(_sentence(programme, about, language))
            content.append(f"<h3>{html.escape(title)}</h3>\n<p>{sentence}</p>\n")
            content.append(_table(title, programme, about, language))
    return _PAGE.format(
        lang=language,
        title=html.escape(about["title"][language]),
        style=STYLE,
        as_of=html.escape(_as_of(report, language)),
        content="".join(content),
    )


def _as_of(report: Report, language: Language) -> str:
    day = dt.date.fromisoformat(report["as_of"])
    county_zh, county_en = (f"，区划 {one}" if (one := report["county"]) else ""), (f", division {one}" if one else "")
    zh = f"截至{day.year}年{day.month}月{day.day}日{county_zh}"
    return pick(zh, f"As of {day.isoformat()}{county_en}", language)


def _chapters(report: Report, language: Language) -> Iterator[tuple[str, list[tuple[str, Mapping[str, Any]]]]]:
    """Each chapter's heading, and its programmes with theirs."""
    for number, chapter in enumerate(report["chapters"], 1):
        title = chapter["title"][language]
        programmes = [
            (pick(f"（{chinese(place)}）", f"{number}.{place} ", language) + one["title"][language], one)
            for place, one in enumerate(chapter["programmes"], 1)
        ]
        yield pick(f"{chinese(number)}、{title}", f"{number}. {title}", language), programmes


def _sentence(programme: Mapping[str, Any], about: About, language: Language) -> str:
    figures = programme["figures"]
    if not figures:
        status = NOT_REPORTED if programme["status"] == RUNNING else programme["status"]
        return pick("{}。", "{}.", language).format(pick(*WORDS[status], language).capitalize())
    parts = [_part(about["names"][one["key"]][language], one, language) for one in figures]
    return pick("，".join(parts) + "。", "; ".join(parts) + ".", language)


def _part(name: str, figure: Mapping[str, Any], language: Language) -> str:
    """A figure in the sentence of its programme."""
    between = pick("", ": ", language)
    if figure["status"] == COUNTED:
        return f"{name}{between}{figure['display']}"
    word = pick(*WORDS[figure["status"]], language)
    if figure["display"] is None:
        return f"{name}{between}{word}"
    return f"{name}{between}{figure['display']}" + pick(f"（{word}）", f" ({word})", language)


def _table(title: str, programme: Mapping[str, Any], about: About, language: Language) -> str:
    if not programme["figures"]:
        return ""
    heads = "".join(f'<th scope="col">{pick(*head, language)}</th>' for head in _HEADS)
    rows = []
    for one in programme["figures"]:
        number = one["display"] if one["status"] == COUNTED else pick(*WORDS[one["status"]], language)
        link = f'<a href="{html.escape(one["records_url"])}">{one["n_records"]}</a>' if one["n_records"] else ""
        cells = (html.escape(str(number)), link, html.escape(", ".join(one["reported_by"])))
        name = html.escape(about["names"][one["key"]][language])
        rows.append(f'<tr><th scope="row">{name}</th>' + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>\n")
    label = html.escape(title, quote=True)
    return (
        f'<table aria-label="{label}">\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{"".join(rows)}</tbody>\n</table>\n'
    )
