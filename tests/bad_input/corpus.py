"""What nobody should send: bodies, query strings and field values, by what is wrong with them. Sent by the tests beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

MIB = 2**20

#: What is wrong → a body that is not one JSON object with one meaning (400 ``malformed_json``).
NOT_JSON: dict[str, bytes] = {
    "cut off": b"{bad",
    "a list": b"[]",
    "null": b"null",
    "a text": b'"text"',
    "nothing but blanks": b"  ",
    "something after it": b"{} {}",
    "a name twice": b'{"a":1,"a":2}',
    "a name twice, further down": b'{"a":[{"b":1,"b":1}]}',
    "NaN": b'{"a":NaN}',
    "infinity": b'{"a":-Infinity}',
    "a number beyond a double": b'{"a":1e999}',
    "an integer beyond a double": b'{"a":12345678901234567890}',
    "digits without end": b'{"a":' + b"1" * 50_000 + b"}",
    "half a surrogate pair": b'{"a":"\\ud800"}',
    "a name of half a surrogate pair": b'{"\\udfff":1}',
    "NUL": b'{"a":"\\u0000"}',
    "a raw line end in a text": b'{"a":"\n"}',
    "a raw control character": b'{"a":"\x07"}',
    "Latin-1": b'{"a":"\xff"}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "a surrogate in UTF-8": b'{"a":"\xed\xa0\x80"}',
    "a byte order mark": b'\xef\xbb\xbf{"a":1}',
    "brackets without end": b"[" * 100_000,
    "nested too deeply": b'{"a":' * 50 + b"1" + b"}" * 50,
}
#: What is wrong → a query string no operation takes (400 ``invalid_query``).
NOT_A_QUERY: dict[str, str] = {
    "unknown": "no_such_parameter=1",
    "unknown and empty": "no_such_parameter",
    "a name that is not UTF-8": "%ff=1",
    "a name with NUL": "a%00b=1",
}
#: What is wrong → a value no query parameter takes.
NOT_A_VALUE: dict[str, str] = {
    "NUL": "%00",
    "a control character": "a%07b",
    "line ends": "a%0d%0ab%1b[2J",
    "not UTF-8": "%ff",
    "half a surrogate pair": "%ed%a0%80",
}
#: By the type of a parameter: values it does not take.
NOT_OF_THE_TYPE: dict[str, tuple[str, ...]] = {
    "integer": ("x", "0", "-1", "1.5", "1e3", "%EF%BC%99", "%20", "9" * 40),
    "boolean": ("yes", "1", "TRUE", ""),
    "uuid": ("x", "0" * 31, "%7B%7D", "", "'%20or%201=1"),
    "date": ("x", "2024-02-30", "20240201", "2024-1-1", "9999999-01-01", ""),
    "date-time": ("x", "2024-02-30T00:00:00Z", "2024-01-01", "2024-01-01T00:00:00", "1700000000", ""),
    "choice": ("no_such_choice", "", "%20"),
    "slug": ("A", "a%20b", "..", "x" * 81, ""),
    "text": ("x" * 2_000,),
}
#: Cursors the API never issued.
NOT_A_CURSOR = (
    "x",
    "a.b.c",
    "..",
    "demo1..",
    "demo1.W10.AAAA",
    "demo1.W10",
    "%25",
    "e" * 1_024,
    "%c3%a9.%c3%a9.%c3%a9",
)
#: By JSON type: a value of it.
_OF_TYPE: dict[str, Any] = {"string": "yes", "integer": 1, "number": 1.5, "boolean": True, "null": None}
_OF_TYPE |= {"object": {"x": 1}, "array": ["x"]}
_TEXTS = ("", " ", "A B", "no such thing", "2024-02-30", "2024-01-01T00:00:00")


def wrong_bodies(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[tuple[Any, str]]:
    """Bodies with one mistake each and where it is (a JSON pointer); whatever else they need is left out.

    Made from the shape in the description, so every new field comes along.
    """
    yield from ((body, pointer) for body, pointer in _wrong(schema, document) if pointer)


def _wrong(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[tuple[Any, str]]:
    shape = _resolved(schema, document)
    kinds = {shape["type"]} if isinstance(shape.get("type"), str) else set(shape.get("type", ()))
    if not kinds:
        return
    allowed = kinds | ({"integer"} if "number" in kinds else set())
    yield from ((value, "") for kind, value in _OF_TYPE.items() if kind not in allowed)
    if "string" in kinds:
        yield from ((text, "") for text in _wrong_texts(shape))
        yield "a\x07b", ""
    if "integer" in kinds:
        yield from ((shape[name] + step, "") for name, step in (("minimum", -1), ("maximum", 1)) if name in shape)
    if "array" in kinds:
        if shape.get("minItems"):
            yield [], ""
        for value, pointer in _wrong(shape["items"], document):
            yield [value], f"/0{pointer}"
    if "object" in kinds:
        yield from _wrong_objects(shape, document)


def _wrong_objects(shape: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[tuple[Any, str]]:
    for name, inner in shape.get("properties", {}).items():
        for value, pointer in _wrong(inner, document):
            yield {name: value}, f"/{name}{pointer}"
    others = shape.get("additionalProperties", True)
    if others is False:
        yield {"no_such_field": 1}, "/no_such_field"
    elif isinstance(others, Mapping):
        for value, pointer in _wrong(others, document):
            yield {"some_key": value}, f"/some_key{pointer}"
    if "propertyNames" in shape:
        yield {"Not A Key": {}}, "/Not%20A%20Key"


def _wrong_texts(shape: Mapping[str, Any]) -> Iterator[str]:
    if "maxLength" in shape:
        yield "x" * (shape["maxLength"] + 1)
    for text in _TEXTS:
        is_wrong = (
            ("enum" in shape and text not in shape["enum"])
            or len(text) < shape.get("minLength", 0)
            or ("pattern" in shape and not re.search(shape["pattern"], text))
            or "format" in shape
        )
        if is_wrong:
            yield text


def _resolved(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema behind references; of several the first, as the others are null."""
    while True:
        if "$ref" in schema:
            found: Any = document
            for name in schema["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            schema = found
        elif "anyOf" in schema or "allOf" in schema:
            is_nullable = {"type": "null"} in schema.get("anyOf", ())
            inner = _resolved(schema.get("anyOf", schema.get("allOf"))[0], document)
            return {**inner, "type": [inner["type"], "null"]} if is_nullable else inner
        else:
            return schema


def kind_of(parameter: Mapping[str, Any]) -> str:
    """Which line of NOT_OF_THE_TYPE a query parameter belongs to."""
    schema = parameter["schema"]
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if "enum" in schema:
        return "choice"
    if "a-z" in schema.get("pattern", ""):  # any other pattern says that a text is not blank
        return "slug"
    return str(schema.get("format") or ("text" if "string" in kinds else kinds[0]))
