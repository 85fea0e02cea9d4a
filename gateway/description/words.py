"""What everything in the description is called and looks like: descriptions in Chinese and English, and examples.

The words stand in ``words.json``, by name: a name means the same wherever it occurs, and ``components`` and ``parameters`` hold
the exceptions. What an example of a whole body is follows from those of its fields. A test holds that nothing is left without.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_REFERENCE = "#/components/schemas/"
#: By the format of a text that has no example of its own.
_BY_FORMAT = {
    "uuid": "0190a000-0000-7000-8000-000000000007",
    "date": "2026-11-29",
    "date-time": "2026-11-29T10:00:00+08:00",
}
_BY_TYPE = {"integer": 1, "number": 1, "boolean": True, "string": "…"}


@functools.cache
def _words() -> Mapping[str, Mapping[str, list[Any]]]:
    found: dict[str, dict[str, list[Any]]] = json.loads(
        Path(__file__).with_name("words.json").read_text(encoding="utf-8")
    )
    return found


def of_operation(name: str) -> str | None:
    """What the operation of this name does beyond its summary."""
    return _text(_words()["operations"].get(name))


def of_header(name: str) -> dict[str, Any]:
    """The description and the example of a header field."""
    words = _words()["headers"][name]
    return {"description": _text(words), "example": words[2]}


def add(document: dict[str, Any]) -> dict[str, Any]:
    """The document with a description and an example for every property, parameter and body."""
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        for component, property_name, member in _members(name, schema):
            _describe_property(component, property_name, member)
    answers = list(document["components"]["responses"].values())
    for operation in _operations(document):
        for parameter in operation.get("parameters", ()):
            if parameter["in"] != "header":
                _describe_parameter(operation["operationId"], parameter)
        answers += [operation.get("requestBody", {}), *operation["responses"].values()]
    for content in (media for body in answers for media in body.get("content", {}).values()):
        if "example" not in content and content["schema"].get("format") != "binary":
            content["example"] = example_of(content["schema"], schemas)
    return document


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """An example of a schema: its own, else that of its parts."""
    if schema.get("examples"):
        return schema["examples"][0]
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].removeprefix(_REFERENCE)], schemas)
    for one in schema.get("anyOf", ()):
        if one != {"type": "null"}:
            return example_of(one, schemas)
    if "properties" in schema:
        return {name: example_of(member, schemas) for name, member in schema["properties"].items()}
    if "items" in schema:
        return [example_of(schema["items"], schemas)]
    return _plain_example(schema)


def _plain_example(schema: Mapping[str, Any]) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    types = schema.get("type", "object")
    kind = types if isinstance(types, str) else next(one for one in types if one != "null")
    if schema.get("format") in _BY_FORMAT:
        return _BY_FORMAT[schema["format"]]
    return max(schema.get("minimum", 1), 1) if kind == "integer" else _BY_TYPE.get(kind, {})


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        for method, operation in path.items():
            if method != "parameters":
                # a parameter of the path stands with each of its operations, where it is described
                operation["parameters"] = [*path.get("parameters", ()), *operation.get("parameters", ())]
                yield operation
        path.pop("parameters", None)


def _members(component: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, member in schema.get("properties", {}).items():
        yield component, name, member
        if "items" in member:
            yield from _members(component, member["items"])


def _describe_property(component: str, name: str, schema: dict[str, Any]) -> None:
    words = _words()["components"].get(f"{component}.{name}") or _words()["properties"].get(name)
    if words is None:
        return
    schema["description"] = _text(words)
    if not _is_composed(schema):
        schema["examples"] = [_fitting(words, schema)]


def _describe_parameter(operation: str, parameter: dict[str, Any]) -> None:
    words = _words()["parameters"].get(f"{operation}.{parameter['name']}") or _words()["properties"].get(
        parameter["name"]
    )
    if words is None:
        return
    parameter["description"] = _text(words)
    parameter["example"] = _fitting(words, parameter["schema"])
    parameter["schema"].pop("description", None)


def _fitting(words: list[Any], schema: Mapping[str, Any]) -> Any:
    """The example of these words where it is of the schema's kind; else what follows from the schema."""
    if len(words) < 3 or ("enum" in schema and words[2] not in schema["enum"]):
        return [_plain_example(schema["items"])] if "items" in schema else _plain_example(schema)
    if words[2] is None and "null" not in schema.get("type", ()):
        return _plain_example(schema)
    allowed = schema.get("items", {}).get("enum")
    return [one for one in words[2] if one in allowed] if allowed else words[2]


def _is_composed(schema: Mapping[str, Any]) -> bool:
    """Whether it consists of components, which have examples of their own."""
    parts = (schema, *schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ()))
    return any("$ref" in one or "properties" in one for one in parts)


def _text(words: list[Any] | None) -> str | None:
    return None if words is None else f"{words[0]} / {words[1]}"
