"""The pages behind ``type`` of a problem: ``/problems`` lists the codes, ``/problems/<code>`` is one: what it means, why it
happens and what to do, in both languages.

Made of the catalogue of refusals (``gateway/description/refusals.json``, written from the classes) and ``advice``.
"""

from __future__ import annotations

import functools
import html
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, Response

from gateway.description.advice import ADVICE, ADVICE_OF, MEANINGS, Words
from gateway.description.documents import page
from gateway.http.framework_problems import RouteNotFound
from gateway.http.problems import RETRYABLE_STATUSES, title_of

blueprint = Blueprint("problem_pages", __name__)

_BLANK = re.compile(r"\{[^{}]*\}")
#: Who refuses, by the first part of a code, in the order of the list.
_OWNERS: Mapping[str, Words] = {
    "": Words("网关", "The gateway"),
    "chassis": Words("任何服务", "Any service"),
    "talent": Words("人才库", "talent"),
    "events": Words("活动", "events"),
    "perks": Words("惠民权益", "perks"),
    "notify": Words("消息", "notify"),
}


@functools.cache
def refusals() -> Mapping[str, Mapping[str, Any]]:
    """Code → its statuses and its texts."""
    file = Path(__file__).with_name("refusals.json")
    found: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return found


def parts_of(code: str) -> list[tuple[Words, Words]]:
    """Heading and text of the parts of a code's page."""
    refusal = refusals()[code]
    status = refusal["statuses"][0]
    why = Words(_BLANK.sub("…", refusal["zh"]), _BLANK.sub("…", refusal["en"]))
    return [
        (Words("含义", "What it means"), MEANINGS[status]),
        (Words("原因", "Why it happens"), why),
        (Words("怎么办", "What to do"), ADVICE_OF.get(code, ADVICE[status])),
    ]


def example_of(status: int) -> dict[str, Any]:
    """A problem of a status, as it is answered."""
    code = next((code for code, refusal in refusals().items() if status in refusal["statuses"]), "request_refused")
    return {
        "type": f"https://youth.example/problems/{code}",
        "title": title_of(status)[0],
        "status": status,
        "detail": _BLANK.sub("…", refusals()[code]["zh"]),
        "instance": "/v1/people",
        "code": code,
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "retryable": status in RETRYABLE_STATUSES,
    }


@blueprint.get("/problems")
def list_problems() -> Response:
    """Every code there is, by who refuses."""
    sections = []
    for owner, words in _OWNERS.items():
        codes = [code for code in refusals() if code.rpartition(".")[0] == owner]
        rows = "".join(_row(code) for code in codes)
        head = _tr("th scope=col", ("代码 <span lang=en>Code</span>", "HTTP", "原因 <span lang=en>Why</span>"))
        sections.append(f"<h2>{_both(words)}</h2>\n<table>\n<thead>{head}</thead>\n<tbody>{rows}</tbody>\n</table>\n")
    title = Words("问题代码", "Problem codes")
    return page(title, f"<h1>{_both(title)}</h1>\n{''.join(sections)}")


@blueprint.get("/problems/<code>")
def get_problem(code: str) -> Response:
    """The page of one code. Raises RouteNotFound for an unknown one."""
    if code not in refusals():
        raise RouteNotFound()
    titles = [(status, Words(*title_of(status))) for status in refusals()[code]["statuses"]]
    about = "".join(f"<p>HTTP {status}: {_both(title)}</p>\n" for status, title in titles)
    parts = "".join(f"<h2>{_both(head)}</h2>\n{_paragraphs(text)}" for head, text in parts_of(code))
    return page(
        Words("问题", code),
        f'<h1><code>{code}</code></h1>\n{about}{parts}<p><a href="/problems">{_both(_ALL)}</a></p>\n',
    )


_ALL = Words("全部代码", "All codes")


def _row(code: str) -> str:
    refusal = refusals()[code]
    why = Words(_BLANK.sub("…", refusal["zh"]), _BLANK.sub("…", refusal["en"]))
    statuses = ", ".join(str(one) for one in refusal["statuses"])
    return _tr("td", (f'<a href="/problems/{code}"><code>{code}</code></a>', statuses, _both(why)))


def _tr(cell: str, contents: tuple[str, ...]) -> str:
    return "<tr>" + "".join(f"<{cell}>{one}</{cell.partition(' ')[0]}>" for one in contents) + "</tr>\n"


def _both(words: Words) -> str:
    return f'{html.escape(words.zh)} <span lang="en">{html.escape(words.en)}</span>'


def _paragraphs(words: Words) -> str:
    return f'<p>{html.escape(words.zh)}</p>\n<p lang="en">{html.escape(words.en)}</p>\n'
