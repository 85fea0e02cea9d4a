"""Reach: whether a person exists for the caller. talent alone decides it (access rules, "Reach"; ADR 0021).

Lives here: asking talent with the caller's own context, for routes that name the field with the person. Outside reach the answer
is the one an unknown id gets, to the byte: the request goes on under an id nobody has. Not here: what a person may do with what
is theirs, and a department with what it owns (the services).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, NoReturn
from uuid import UUID

from flask import g

from contracts.language.refusals import Refusal
from gateway.calls import backend
from gateway.http.problems import Problem

#: An id that no record has.
NOBODY = str(UUID(int=0))
ALL = "people:all"
_PERSON = "talent.get_person"


class PersonRequired(Problem):
    """A list of what people have is a list of one person's, or by one of the other parameters."""

    status = 422
    code = "person_required"
    zh = "请用以下参数之一限定查询：{names}。"
    en = "Say whose by one of these parameters: {names}."


class ListOf(NamedTuple):
    """How a list is about a person: the parameter that names them, and those that may stand in its place.

    Without any of them PersonRequired, unless the caller holds ``people:all`` or the parameter `is_optional`.
    """

    field: str = "person_id"
    or_by: tuple[str, ...] = ()
    is_optional: bool = False


def person(person_id: str) -> dict[str, Any] | None:
    """The person as talent shows them to the caller; None outside reach."""
    try:
        found: dict[str, Any] = backend.query(_PERSON, {"person_id": person_id})
    except Refusal as refusal:
        if refusal.kind != "not_found":
            raise
        return None
    return found


def is_reached(person_id: str) -> bool:
    """Whether the caller reaches the person; who acts for themselves does."""
    return _is_self(person_id) or person(person_id) is not None


def limited(fields: Mapping[str, Any], field: str) -> dict[str, Any]:
    """The fields of a request; a person outside reach becomes nobody."""
    return {**fields} if is_reached(fields[field]) else {**fields, field: NOBODY}


def refuse(call: str, key: Iterable[str]) -> NoReturn:
    """Answer as for an unknown record, which the service is asked for."""
    backend.query(call, dict.fromkeys(key, NOBODY))
    raise backend.InternalError()


def narrowed(about: ListOf, parameters: Mapping[str, Any], fixed: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a list; who acts for themselves need not name themselves. Raises PersonRequired."""
    given = {**parameters, **fixed}
    names = (about.field, *about.or_by)
    if any(name in given for name in names):
        return {**parameters}
    if (person_id := g.principal.person_id) is not None:
        return {**parameters, about.field: person_id}
    if about.is_optional or ALL in g.principal.scopes:
        return {**parameters}
    texts = {"zh": "请填写此参数。", "en": "Give this parameter."}
    errors = [{"pointer": f"#/{name}", "code": "required", **texts} for name in names]
    raise PersonRequired(names=", ".join(names), errors=errors)


def query(call: str, fields: Mapping[str, Any], field: str) -> Any:
    """The answer of a query about the person that `field` names, if any; talent is asked at the same time.

    Of a merged person's id it is the answer for whom they are merged into. Raises talent's refusal for an unknown person outside
    reach.
    """
    person_id = fields.get(field)
    if person_id is None or _is_self(person_id):
        return backend.query(call, fields)
    found, answer = backend.query_all([(_PERSON, {"person_id": person_id}), (call, fields)])
    for one in (found, answer):
        if isinstance(one, Exception):
            raise one
        if one is None:  # it failed otherwise: nothing is shown
            raise backend.InternalError()
    return answer if found["id"] == str(UUID(person_id)) else backend.query(call, {**fields, field: found["id"]})


def ids_of_self(person_id: str) -> list[str]:
    """The id that a person who acts for themself answers with, then those merged into it.

    The given id alone where talent does not know it, or does not answer.
    """
    try:
        found = backend.query("talent.get_person_ids", {"person_id": person_id})
    except (Refusal, Problem):
        return [person_id]
    return [found["id"], *found["merged_ids"]]


def _is_self(person_id: str) -> bool:
    return bool(g.principal.subject == f"person:{UUID(person_id)}")
