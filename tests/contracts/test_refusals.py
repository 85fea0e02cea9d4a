"""A refusal crosses the broker as data and comes out saying the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from marshmallow import ValidationError, fields

from contracts.language.refusals import Invalid, Refusal
from contracts.language.schema import Schema


class TitleAlreadyHeld(Refusal):
    kind = "conflict"
    code = "test.title_already_held"
    zh = "已持有“{rank}”称号。"
    en = "The title {rank} is held already."


class HasBraces(Refusal):
    kind = "invalid"
    code = "test.has_braces"
    zh = "{}"
    en = "{}"


class TestWire:
    def test_says_the_same_on_both_sides(self) -> None:
        raised = TitleAlreadyHeld(
            rank="A{x}", retry_after=3, errors=[{"pointer": "#", "code": "c", "zh": "z", "en": "e"}]
        )
        received = Refusal.from_wire(json.loads(json.dumps(raised.to_wire())))
        assert received.to_wire() == raised.to_wire()
        assert (received.kind, received.code, received.retry_after) == ("conflict", "test.title_already_held", 3)
        assert received.zh_text() == "已持有“A{x}”称号。"
        assert received.en_text() == "The title A{x} is held already."
        assert str(received) == str(raised) == "test.title_already_held: The title A{x} is held already."

    def test_fills_in_only_what_is_given(self) -> None:
        assert HasBraces().en_text() == "{}"

    def test_is_still_a_refusal_to_raise(self) -> None:
        with pytest.raises(Refusal) as caught:
            raise Refusal.from_wire(TitleAlreadyHeld(rank="A").to_wire())
        assert caught.value.params == {"rank": "A"}

    @pytest.mark.parametrize(
        "data", [{}, {"kind": "conflict"}, {"kind": "odd", "code": "x"}, {"kind": "gone", "code": ""}, {"code": 7}]
    )
    def test_is_not_made_of_anything_else(self, data: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="not a refusal"):
            Refusal.from_wire(data)

    def test_may_come_from_an_older_sender(self) -> None:
        received = Refusal.from_wire({"kind": "gone", "code": "x.y"})
        assert (received.zh_text(), received.en_text(), received.errors, received.params) == ("x.y", "x.y", [], {})


class TestInvalid:
    def test_says_where(self) -> None:
        class Word(Schema):
            word = fields.String(required=True)

        with pytest.raises(ValidationError) as raised:
            Word().load({})
        wire = Invalid.of(raised.value).to_wire()
        assert (wire["kind"], wire["code"]) == ("invalid", "invalid_request")
        assert [error["pointer"] for error in wire["errors"]] == ["#/word"]
