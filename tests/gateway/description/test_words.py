"""Nothing in the description is left without words in both languages and an example, and names are one way everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

CHINESE = re.compile(r"[\u4e00-\u9fff]")
REFERENCE = "#/components/schemas/"


@pytest.fixture(scope="module")
def document(pages: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = pages.get("/openapi.json").json
    return found


def properties(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Component, name and schema of every property, those of nested objects too."""

    def of(component: str, schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for name, member in schema.get("properties", {}).items():
            yield component, name, member
            yield from of(component, member.get("items", {}))

    for component, schema in document["components"]["schemas"].items():
        yield from of(component, schema)


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()


def is_bilingual(text: str | None) -> bool:
    zh, separator, en = (text or "").partition(" / ")
    return bool(separator and CHINESE.search(zh) and en and not CHINESE.search(en))


def of_components(schema: dict[str, Any]) -> bool:
    parts = [schema, *schema.get("anyOf", []), schema.get("items", {})]
    return any("$ref" in part or "properties" in part for part in parts)


class TestEverything:
    def test_has_a_description_in_both_languages(self, document: dict[str, Any]) -> None:
        silent = [
            f"{where}.{name}" for where, name, one in properties(document) if not is_bilingual(one.get("description"))
        ]
        for operation in operations(document):
            texts = {"": operation.get("description"), " summary": operation["summary"]}
            texts |= {f" {one['name']}": one.get("description") for one in operation["parameters"]}
            silent += [f"{operation['operationId']}{what}" for what, text in texts.items() if not is_bilingual(text)]
        for kind in ("headers", "responses"):
            found = document["components"][kind]
            silent += [f"{kind} {name}" for name, one in found.items() if not is_bilingual(one["description"])]
        silent += [one["name"] for one in document["tags"] if not is_bilingual(one["description"])]
        assert silent == []

    def test_has_an_example_that_its_schema_takes(self, document: dict[str, Any]) -> None:
        components = {"components": document["components"]}
        examples: list[tuple[str, dict[str, Any], Any]] = []
        for where, name, one in properties(document):
            if not of_components(one):
                assert len(one.get("examples", [])) == 1, f"{where}.{name}"
                examples.append((f"{where}.{name}", one, one["examples"][0]))
        for operation in operations(document):
            for one in operation["parameters"]:
                examples.append((f"{operation['operationId']} {one['name']}", one["schema"], one["example"]))
            for body in (operation.get("requestBody", {}), *operation["responses"].values()):
                for media, content in body.get("content", {}).items():
                    if content["schema"].get("format") != "binary":
                        examples.append((f"{operation['operationId']} {media}", content["schema"], content["example"]))
        wrong = []
        for what, schema, example in examples:
            flaws = [str(flaw.message)[:100] for flaw in Draft202012Validator(schema | components).iter_errors(example)]
            wrong += [f"{what}: {flaw}" for flaw in flaws]
        assert len(examples) > 500
        assert wrong == []


class TestNames:
    def test_of_components_say_what_they_are_once(self, document: dict[str, Any]) -> None:
        names = document["components"]["schemas"]
        assert [name for name in names if re.search(r"BodyBody|QueryQuery|Schema$|\d$|^Error$|^Pagination", name)] == []

    def test_are_one_way_everywhere(self, document: dict[str, Any]) -> None:
        """Days have one ending; texts in two languages have two names; a state is not a status, but how far a programme is and
        what there is to say of its figures is one.
        """
        names = {(where, name) for where, name, _ in properties(document)}
        refused = {"ended_on", "valid_from", "valid_until", "zh", "zh_cn", "place_set", "institution_set"}
        # of an entry of a register each state has its day, and one of them is called ended
        states = {(where, "ended_on") for where, name in names if name == "done_on"}
        assert {one for one in names if one[1] in refused} == states
        with_status = {where for where, name in names if name == "status"}
        assert with_status == {
            "Problem",
            "Programme",
            "PutProgrammeBody",
            "ListedFigure",
            "ReportFigure",
            "ReportProgramme",
        }
        for where, name, schema in properties(document):
            what = f"{where}.{name}"
            if schema.get("format") == "date":
                assert name.endswith("_on") or name in ("as_of", "on"), what
            if name.endswith("_on") and schema.get("type") != "boolean":
                assert schema.get("format") == "date", what
            if name.endswith("_key") and name != "natural_key":
                assert "string" in schema["type"], what
            if name == "reported_by":
                assert schema["type"] == "array", what
            if name == "zh-CN":
                assert (where, "en") in names, what

    def test_of_values_are_in_answers_as_in_requests(self, document: dict[str, Any]) -> None:
        """A property that takes one of a few texts somewhere lists them in every component of the same subject."""
        taken: dict[tuple[str, str], list[Any]] = {}
        for where, name, schema in properties(document):
            subject = re.sub(r"^(Put|Create|Register|Report|Redeem)|(Changes)?(Body)?$", "", where)
            if "enum" in schema:
                taken[subject, name] = [one for one in schema["enum"] if one is not None]
        for where, name, schema in properties(document):
            subject = re.sub(r"^(Put|Create|Register|Report|Redeem)|(Changes)?(Body)?$", "", where)
            if (subject, name) in taken:
                assert [one for one in schema.get("enum", []) if one is not None] == taken[subject, name], (
                    f"{where}.{name}"
                )
        for name in ("state", "mode", "promotion", "class", "outcome", "verdict", "id_type"):
            bare = [where for where, other, schema in properties(document) if other == name and "enum" not in schema]
            assert bare == [], name


class TestBodies:
    def test_are_optional_where_nothing_is_required(self, document: dict[str, Any]) -> None:
        optional = set()
        for operation in operations(document):
            if "requestBody" in operation:
                (content,) = operation["requestBody"]["content"].values()
                component = document["components"]["schemas"][content["schema"]["$ref"].removeprefix(REFERENCE)]
                # this one needs one pair of fields or another
                is_needed = bool(component.get("required")) or operation["operationId"] == "search_people"
                assert operation["requestBody"]["required"] == is_needed, operation["operationId"]
                optional |= set() if component.get("required") else {operation["operationId"]}
        assert {"end_affiliation", "report_activity", "publish_activity", "change_person"} <= optional
