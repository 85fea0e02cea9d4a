"""Templates (消息模板): which event sends which message, in two languages, on which channels. Each PUT is a new version."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from chassis.broker.topology import consumed_types
from chassis.store.versions import VersionStale
from chassis.store.work import Work
from contracts.catalogue import EVENTS
from contracts.language.refusals import Refusal
from services.notify.templates import rendering
from services.notify.templates.tables import Template

#: The handler every announcement goes to, as the catalogue names it.
HANDLER = "notify.on_announcement"
#: Where an event says which programme it belongs to, for a template that leaves it to the event.
PROGRAMME_FIELDS = ("activity_programme", "scheme_key")
_CONTENT = ("event_type", "programme", "urgency", "channels", "subject", "body", "enabled")


class TemplateNotFound(Refusal):
    """No template has this key."""

    kind = "not_found"
    code = "notify.template_not_found"
    zh = "未找到该消息模板。"
    en = "There is no such template."


class TemplateInvalid(Refusal):
    """No such event, or a placeholder its events do not fill; `errors` says which."""

    kind = "unprocessable"
    code = "notify.template_invalid"
    zh = "模板内容不符合要求。"
    en = "The template is not valid."


def put_template(work: Work, *, key: str, version: int | None, **body: Any) -> dict[str, Any]:
    """Publish the template's next version; `version` is the one it replaces, None for a new template.

    The same content again changes nothing and keeps its version. Messages already made stay as they are. Raises
    TemplateInvalid, VersionStale.
    """
    if errors := list(flaws_of(body)):
        raise TemplateInvalid(errors=errors)
    known = _current(work, key)
    if (known.version if known else None) != version:
        raise VersionStale(current=known.version if known else 0)
    if known is not None and _content(known) == body:
        return _as_record(known) | {"created": False}
    number = (version or 0) + 1
    _write(work, key, number, body)
    work.record("template", key, from_state=f"version {version}" if version else None, to_state=f"version {number}")
    return get_template(work, key=key) | {"created": version is None}


def _write(work: Work, key: str, version: int, body: Mapping[str, Any]) -> None:
    retired = update(Template).where(Template.key == key, Template.is_current)
    work.session.execute(retired.values(is_current=False))
    row = {
        "key": key,
        "version": version,
        "is_current": True,
        **{name: body[name] for name in _CONTENT},
        "published_at": work.now,
        "client_id": work.caller.client_id,
        "department": work.caller.department,
    }
    try:
        work.session.execute(insert(Template), [row])
    except IntegrityError as error:  # somebody published at the same moment
        raise VersionStale(current=version) from error


def flaws_of(body: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """What is wrong with a template, as violations."""
    event_type = body["event_type"]
    if event_type not in consumed_types(HANDLER):
        yield _violation("#/event_type", "unknown_event_type", "该类事件不能用于消息模板。", "No such announcement.")
        return
    if body["programme"] is None and programme_field(event_type) is None:
        zh, en = "该类事件不含所属项目，请在 programme 中写明。", "Events of this type name no programme: name it here."
        yield _violation("#/programme", "programme_needed", zh, en)
    if len(set(body["channels"])) != len(body["channels"]):
        yield _violation("#/channels", "duplicate", "渠道重复，请只保留一个。", "A channel is named twice.")
    for part in ("subject", "body"):
        for language in rendering.LANGUAGES:
            for flaw in rendering.flaws_of(body[part][language], event_type):
                yield {"pointer": f"#/{part}/{language}", **flaw}


def _violation(pointer: str, code: str, zh: str, en: str) -> dict[str, str]:
    return {"pointer": pointer, "code": code, "zh": zh, "en": en}


def programme_field(event_type: str) -> str | None:
    """The field in which events of this type name their programme."""
    known = EVENTS[event_type].loader.fields
    return next((name for name in PROGRAMME_FIELDS if name in known), None)


def get_template(work: Work, *, key: str) -> dict[str, Any]:
    """The current version. Raises TemplateNotFound."""
    known = _current(work, key)
    if known is None:
        raise TemplateNotFound()
    return _as_record(known)


def list_templates(work: Work) -> dict[str, Any]:
    """The current version of every template, by key. There are dozens at most, so there are no pages."""
    listed = work.session.scalars(select(Template).where(Template.is_current).order_by(Template.key))
    return {"items": [_as_record(template) for template in listed]}


def bound_to(work: Work, event_types: Collection[str]) -> dict[str, Sequence[Template]]:
    """The enabled templates of each event type, by key."""
    statement = select(Template).where(Template.is_current, Template.enabled, Template.event_type.in_(event_types))
    bound: dict[str, list[Template]] = {}
    for template in work.session.scalars(statement.order_by(Template.key)):
        bound.setdefault(template.event_type, []).append(template)
    return dict(bound)


def _current(work: Work, key: str) -> Template | None:
    return work.session.scalar(select(Template).where(Template.key == key, Template.is_current))


def _content(template: Template) -> dict[str, Any]:
    return {name: getattr(template, name) for name in _CONTENT}


def _as_record(template: Template) -> dict[str, Any]:
    about = {"key": template.key, "version": template.version, "published_at": template.published_at}
    return _content(template) | about
