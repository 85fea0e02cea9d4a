"""Request bodies and query strings as plain JSON values, refused when they are not exactly one meaning.

Bodies are I-JSON (RFC 7493): UTF-8, no duplicate names, no lone surrogates, numbers a double can hold. NUL is refused
because PostgreSQL text cannot store it, and every other control character but tab and line ends, because it is invisible
and terminals, spreadsheets and mails act on it. Not here: what the fields mean (the contract schemas, the services).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

from flask import request
from marshmallow import Schema, ValidationError

from contracts.language.messages import Text
from contracts.language.schema import is_storable, violations
from gateway.http.problems import Problem
from gateway.serving import body_limits

#: RFC 7493, section 2.2: integers beyond this are not the same number for every reader.
LARGEST_INTEGER = 2**53 - 1
DEEPEST_NESTING = 32
#: C0 and C1 but for tab, line feed and carriage return.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
JSON_TYPES = ("application/json",)
MERGE_PATCH_TYPES = ("application/merge-patch+json", "application/json")

_HAS_CONTROL = Text("control_character", "含有控制字符，请删除。", "It holds a control character; remove it.")
_REPEATED = Text("repeated", "参数只能出现一次。", "Give this parameter once.")
_UNREADABLE = Text("unreadable", "参数含有无法识别的字符。", "The parameter holds unreadable characters.")
_UNKNOWN = Text("unknown_field", "此操作没有这个参数。", "This operation does not take this parameter.")


class MalformedJson(Problem):
    """The body is not one JSON object with one meaning (RFC 8259, RFC 7493)."""

    status = 400
    code = "malformed_json"
    zh = "请求体不是合格的 JSON 对象：{why_zh}。"
    en = "The body is not a well-formed JSON object: {why_en}."


class UnsupportedContentType(Problem):
    """The body has another media type than this operation reads."""

    status = 415
    code = "unsupported_media_type"
    zh = "此操作接受的内容类型为 {accepted}。"
    en = "This operation reads {accepted}."


class InvalidBody(Problem):
    """The body is JSON, but not of the shape this operation takes."""

    status = 422
    code = "invalid_request"
    zh = "请求内容有误，请按 errors 中列出的字段逐项修改后重新提交。"
    en = "Some fields do not hold; see errors."


class InvalidQuery(Problem):
    """A query parameter is unknown, repeated or unreadable."""

    status = 400
    code = "invalid_query"
    zh = "查询参数有误，请按 errors 中列出的参数修改。"
    en = "Some query parameters do not hold; see errors."


def body_of(schema: Schema, content_types: tuple[str, ...] = JSON_TYPES) -> dict[str, Any]:
    """The request body as the client wrote it, once `schema` finds nothing wrong with its shape.

    An absent body counts as an empty object. Raises MalformedJson, UnsupportedContentType or InvalidBody.
    """
    raw = body_limits.body_bytes()
    if not raw and not request.content_type:
        body: dict[str, Any] = {}
    else:
        if request.mimetype not in content_types:
            raise UnsupportedContentType(
                accepted=", ".join(content_types),
                headers={"Accept-Patch" if request.method == "PATCH" else "Accept": ", ".join(content_types)},
            )
        body = json_object(raw)
    errors = [one for path in _control_characters(body, ()) for one in _violation(path, _HAS_CONTROL)]
    try:
        schema.load(body)
    except ValidationError as error:
        errors += violations(error)
    if errors:
        raise InvalidBody(errors=errors)
    return body


def query_of(schema: Schema) -> dict[str, str]:
    """The query parameters by name, once `schema` finds nothing wrong. Raises InvalidQuery."""
    for pair in request.query_string.split(b"&"):
        name, _, value = pair.partition(b"=")
        if not _is_plain(name):
            raise InvalidQuery(errors=_violation((), _UNREADABLE))
        if not _is_plain(value):
            raise InvalidQuery(errors=_violation((unquote_to_bytes(name).decode(),), _UNREADABLE))
    if repeated := [name for name, values in request.args.lists() if len(values) > 1]:
        raise InvalidQuery(errors=[one for name in repeated for one in _violation((name,), _REPEATED)])
    parameters: dict[str, str] = request.args.to_dict()
    try:
        schema.load(parameters)
    except ValidationError as error:
        raise InvalidQuery(errors=violations(error)) from None
    return parameters


def refuse_query() -> None:
    """For operations that have no query parameters. Raises InvalidQuery."""
    if request.args:
        raise InvalidQuery(errors=[one for name in request.args for one in _violation((name,), _UNKNOWN)])


def json_object(raw: bytes) -> dict[str, Any]:
    """Read one JSON object, strictly. Raises MalformedJson."""
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique_names, parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        _malformed("不是 UTF-8 编码", "not UTF-8")
    except RecursionError:
        _malformed("嵌套过深", "nested too deeply")
    except ValueError:
        _malformed("语法错误", "syntax error")
    if not isinstance(value, dict):
        _malformed("应为对象", "an object was expected")
    _require_readable(value, 1)
    return value


def _require_readable(value: Any, depth: int) -> None:
    """Raise MalformedJson for what not every reader, and not PostgreSQL, takes as it is meant."""
    if isinstance(value, str):
        if not is_storable(value):
            _malformed("字符串含有 NUL 或不成对的代理字符", "a string holds NUL or a lone surrogate")
    elif isinstance(value, dict | list):
        if depth > DEEPEST_NESTING:
            _malformed("嵌套过深", "nested too deeply")
        for member in [*value, *value.values()] if isinstance(value, dict) else value:
            _require_readable(member, depth + 1)
    elif isinstance(value, int) and not -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
        _malformed("整数超出范围", "an integer is out of range")
    elif isinstance(value, float) and not math.isfinite(value):
        _malformed("数值超出范围", "a number is out of range")


def _is_plain(encoded: bytes) -> bool:
    """Whether part of a query string is UTF-8 (Werkzeug takes any bytes) and holds no control character."""
    try:
        return not _CONTROL.search(unquote_to_bytes(encoded).decode())
    except UnicodeDecodeError:
        return False


def _control_characters(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Where in a body control characters stand; in a name: at the object that has it."""
    if isinstance(value, str):
        if _CONTROL.search(value):
            yield path
    elif isinstance(value, dict):
        for name, member in value.items():
            if _CONTROL.search(name):
                yield path
            yield from _control_characters(member, (*path, name))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _control_characters(member, (*path, str(index)))


def _violation(path: tuple[str, ...], text: Text) -> list[dict[str, str]]:
    messages: Any = [text]
    for segment in reversed(path):
        messages = {segment: messages}
    return violations(ValidationError(messages))


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        _malformed("同一对象中有重复的名称", "a name occurs twice in one object")
    return members


def _refuse_constant(_: str) -> NoReturn:
    _malformed("不允许 NaN 或 Infinity", "NaN and Infinity are not JSON")


def _malformed(why_zh: str, why_en: str) -> NoReturn:
    raise MalformedJson(why_zh=why_zh, why_en=why_en) from None
