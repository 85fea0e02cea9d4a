"""Request bodies and query strings as plain JSON values, refused when they are not exactly one meaning.

Bodies are I-JSON (RFC 7493): UTF-8, no duplicate names, no lone surrogates, numbers a double can hold. NUL is refused
because PostgreSQL text cannot store it. Not here: what the fields mean (the contract schemas, the services).
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from flask import request
from marshmallow import Schema, ValidationError

from contracts.schema import violations
from gateway import body_limits
from gateway.problems import Problem

#: RFC 7493, section 2.2: integers beyond this are not the same number for every reader.
LARGEST_INTEGER = 2**53 - 1
DEEPEST_NESTING = 32
JSON_TYPES = ("application/json",)
MERGE_PATCH_TYPES = ("application/merge-patch+json", "application/json")


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
    zh = "请求内容有误，详见 errors。"
    en = "Some fields do not hold; see errors."


class InvalidQuery(Problem):
    """A query parameter is unknown, repeated or unreadable."""

    status = 400
    code = "invalid_query"
    zh = "查询参数有误，详见 errors。"
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
    try:
        schema.load(body)
    except ValidationError as error:
        raise InvalidBody(errors=violations(error)) from None
    return body


def query_of(schema: Schema) -> dict[str, str]:
    """The query parameters by name, once `schema` finds nothing wrong. Raises InvalidQuery."""
    args = request.args
    if not args:
        parameters: dict[str, str] = {}
    else:
        for name, values in args.lists():
            if len(values) > 1:
                raise _query_problem(name, "repeated", "参数只能出现一次。", "Give this parameter once.")
            if not _is_storable(values[0]) or not _is_storable(name) or "\ufffd" in values[0]:
                raise _query_problem(
                    "", "unreadable", "参数含有无法识别的字符。", "A parameter holds unreadable characters."
                )
        parameters = args.to_dict()
    try:
        schema.load(parameters)
    except ValidationError as error:
        raise InvalidQuery(errors=violations(error)) from None
    return parameters


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
    _require_storable(value, 1)
    return value


def _require_storable(value: Any, depth: int) -> None:
    if isinstance(value, str):
        if not _is_storable(value):
            _malformed("字符串含有 NUL 或不成对的代理字符", "a string holds NUL or a lone surrogate")
    elif isinstance(value, dict):
        if depth > DEEPEST_NESTING:
            _malformed("嵌套过深", "nested too deeply")
        for name, member in value.items():
            _require_storable(name, depth)
            _require_storable(member, depth + 1)
    elif isinstance(value, list):
        if depth > DEEPEST_NESTING:
            _malformed("嵌套过深", "nested too deeply")
        for member in value:
            _require_storable(member, depth + 1)
    elif isinstance(value, int) and not -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
        _malformed("整数超出范围", "an integer is out of range")
    elif isinstance(value, float) and value - value != 0:
        _malformed("数值超出范围", "a number is out of range")


def _is_storable(text: str) -> bool:
    if "\x00" in text:
        return False
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        _malformed("同一对象中有重复的名称", "a name occurs twice in one object")
    return members


def _refuse_constant(_: str) -> NoReturn:
    _malformed("不允许 NaN 或 Infinity", "NaN and Infinity are not JSON")


def _malformed(why_zh: str, why_en: str) -> NoReturn:
    raise MalformedJson(why_zh=why_zh, why_en=why_en) from None


def _query_problem(name: str, code: str, zh: str, en: str) -> InvalidQuery:
    return InvalidQuery(errors=[{"pointer": f"#/{name}", "code": code, "zh": zh, "en": en}])
