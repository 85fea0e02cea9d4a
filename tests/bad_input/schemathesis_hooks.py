"""What schemathesis cannot know of our API, loaded by SCHEMATHESIS_HOOKS: signed cursors, entity tags, laws no shape can say."""

from __future__ import annotations

import re
from typing import Any

import schemathesis
from schemathesis import GenerationMode
from schemathesis.core import NotSet

_ENTITY_TAGS = re.compile(r'\*|(W/)?"[^"]*"(, *(W/)?"[^"]*")*')
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
#: Codes of violations that compare two fields, need one of several, measure a whole object, or hold for every text there is.
LAWS = {
    "empty_period", "empty_rule", "session_too_long", "too_large", "control_character", "either", "choices_missing",
    "choices_unexpected", "document_or_contact", "duplicate", "wrong_unit", "grain_missing", "field_missing",
    "parameter_missing", "counts_otherwise", "start_unexpected", "report_unknown", "not_plain", "role_unexpected",
    "flow_unexpected",
}  # fmt: skip


#: Integers every reader takes for the same number (RFC 7493, section 2.2); where anything may stand no shape can say so.
LARGEST = 2**53 - 1


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Of valid cases take what only the API itself can make (cursors), entity tags that are none, control characters in a
    query, which hold for every text there is, and integers beyond LARGEST.
    """
    if not _is_valid(case):
        if (isinstance(case.body, NotSet) or not case.body) and _may_be_absent(case):
            case.body, case.media_type = [], "application/json"  # no body at all is one that fits
        return
    if isinstance(case.body, dict):
        case.body.pop("cursor", None)
    case.body = _of_one_meaning(case.body)
    if case.query:
        case.query.pop("cursor", None)
        for name, value in case.query.items():
            case.query[name] = _CONTROL.sub("", value) if isinstance(value, str) else value
    for name in ("If-Match", "If-None-Match"):
        if case.headers and name in case.headers and not _ENTITY_TAGS.fullmatch(case.headers[name]):
            del case.headers[name]


@schemathesis.check
def shapes_are_described(context: Any, response: Any, case: Any) -> None:
    """A body that fits the described shape is never refused for a reason the shape could have described."""
    if not _is_valid(case) or response.status_code != 422:
        return
    problem = response.json()
    if problem["code"] == "invalid_request":
        codes = {error["code"] for error in problem["errors"]}
        undescribed = set() if "control_character" in codes else codes - LAWS
        assert not undescribed, f"the description does not say what makes these wrong: {problem['errors']}"


def _may_be_absent(case: Any) -> bool:
    bodies = list(case.operation.body)
    return bool(bodies) and not any(body.is_required for body in bodies)


def _of_one_meaning(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _of_one_meaning(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_of_one_meaning(member) for member in value]
    return max(-LARGEST, min(value, LARGEST)) if type(value) is int else value


def _is_valid(case: Any) -> bool:
    return case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE
