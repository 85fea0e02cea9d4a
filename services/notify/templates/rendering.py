"""Rendering: a template's texts filled in from an event, in both languages.

Lives here: what may stand in a template, and how the values of an event read. Staff write templates, so they run in
jinja2's sandbox and hold variables alone: fields of the event, no expressions, no statements. Values are shown by the type
their schema gives them: an instant as the city's clock, a bilingual text in the language of the message.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2 import Template as Compiled
from jinja2.sandbox import ImmutableSandboxedEnvironment
from marshmallow import fields

from chassis.ground.clock import SHANGHAI
from contracts.catalogue import EVENTS
from contracts.language.schema import Bilingual, Day, Instant

LANGUAGES = ("zh-CN", "en")
#: What stands in for a value the event leaves open.
_OPEN = {"zh-CN": "待定", "en": "to be announced"}
_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def flaws_of(text: str, event_type: str) -> Iterator[dict[str, str]]:
    """What keeps a text from being a template of this event type: code, zh, en."""
    try:
        parsed = _ENVIRONMENT.parse(text)
    except TemplateSyntaxError as error:
        yield {"code": "bad_template", "zh": f"模板语法错误（第{error.lineno}行）。", "en": f"{error.message}"}
        return
    known = EVENTS[event_type].loader.fields
    for node in _parts(parsed):
        if isinstance(node, nodes.TemplateData):
            continue
        if not isinstance(node, nodes.Name):
            zh, en = "模板只能使用占位符，不能使用表达式。", "A template holds placeholders alone, no expressions."
            yield {"code": "not_a_placeholder", "zh": zh, "en": en}
        elif node.name not in known:
            names = ", ".join(sorted(known))
            zh = f"事件没有字段“{node.name}”，可用：{names}。"
            yield {
                "code": "unknown_placeholder",
                "zh": zh,
                "en": f"The event has no “{node.name}”; there are {names}.",
            }


def _parts(parsed: nodes.Template) -> Iterator[nodes.Node]:
    for node in parsed.body:
        yield from node.nodes if isinstance(node, nodes.Output) else (node,)


class Rendering:
    """The four texts of one template version, compiled."""

    def __init__(self, event_type: str, subject: Mapping[str, str], body: Mapping[str, str]) -> None:
        self._event_type = event_type
        self._texts = {language: (_compiled(subject[language]), _compiled(body[language])) for language in LANGUAGES}

    def texts(self, data: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
        """Subject and body, by language. A subject is one line whatever the event holds."""
        subjects, bodies = {}, {}
        for language, (subject, body) in self._texts.items():
            values = {name: _shown(field, data.get(name), language) for name, field in self._fields.items()}
            subjects[language] = " ".join(subject.render(values).split())
            bodies[language] = body.render(values)
        return subjects, bodies

    @functools.cached_property
    def _fields(self) -> dict[str, Any]:
        return dict(EVENTS[self._event_type].loader.fields)


@functools.lru_cache(maxsize=2_000)
def _compiled(text: str) -> Compiled:
    return _ENVIRONMENT.from_string(text)


def _shown(field: Any, value: Any, language: str) -> str:
    if value is None:
        return _OPEN[language]
    if isinstance(field, Instant):
        at = dt.datetime.fromisoformat(value).astimezone(SHANGHAI)
        return f"{_day(at, language)}{'' if language == 'zh-CN' else ', '}{at:%H:%M}"
    if isinstance(field, Day):
        return _day(dt.date.fromisoformat(value), language)
    if isinstance(field, fields.Nested) and isinstance(field.schema, Bilingual):
        return str(value[language])
    return str(value)


def _day(day: dt.date, language: str) -> str:
    if language == "zh-CN":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
