"""The base of every schema: what it refuses, how it says so, and exact instants, days and whole numbers."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError, fields, validate

from contracts import events, notify, perks, talent
from contracts.language.messages import FIELD_MESSAGES, Text, install
from contracts.language.schema import Bilingual, ByName, Day, Instant, Page, Schema, Whole, page_of, violations


class Member(Schema):
    from_on = Day(required=True)
    name = fields.Nested(Bilingual)


class Everything(Schema):
    day = Day()
    at = Instant(allow_none=True)
    count = Whole(validate=validate.Range(min=1, max=3))
    word = fields.String(validate=validate.Length(min=2, max=4))
    kind = fields.String(validate=validate.OneOf(["a", "b"]))
    members = fields.List(fields.Nested(Member))
    free = fields.Dict(keys=fields.String())
    id = fields.UUID()
    mail = fields.Email()


class Worded(Schema):
    word = fields.String(validate=validate.Length(min=1, max=20))
    words = fields.List(fields.String(validate=validate.Length(min=1)))
    named = ByName(keys=fields.String(), values=fields.String(validate=validate.Length(min=1)))
    note = fields.String(validate=validate.Length(max=20))


def requests() -> list[type[Schema]]:
    """Every schema a service declares."""
    return [
        one
        for contract in (events, notify, perks, talent)
        for subject in contract.SUBJECTS
        for one in vars(subject).values()
        if isinstance(one, type) and issubclass(one, Schema)
    ]


def _error_of(field: fields.String) -> ValidationError:
    with pytest.raises(ValidationError) as raised:
        field.deserialize("   ")
    return raised.value


def wrong(data: Any, schema: type[Schema] = Everything) -> dict[str, str]:
    """Pointer → code of everything wrong with the data."""
    with pytest.raises(ValidationError) as raised:
        schema().load(data)
    return {one["pointer"]: one["code"] for one in violations(raised.value)}


def _nest(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)


class TestViolations:
    def test_point_at_the_place_and_name_the_reason(self) -> None:
        assert wrong({"members": [{"from_on": "2026-01-01"}, {"name": {"en": ""}}], "count": 9, "typo": 1}) == {
            "#/members/1/from_on": "required",
            "#/members/1/name/zh-CN": "required",
            "#/members/1/name/en": "wrong_length",
            "#/count": "out_of_range",
            "#/typo": "unknown_field",
        }

    @pytest.mark.parametrize(
        "blank", ["  ", "\u3000\u3000", "\t\n", "\u200b\u2060", "\ufeff \u00ad", "\u3164\u2800", "\u2003\u2003"]
    )
    def test_refuse_blanks_wherever_some_text_is_needed(self, blank: str) -> None:
        """In objects, lists and maps too; not where a text may be left empty."""
        data = {"word": blank, "words": [blank, "ab"], "named": {"k": blank}, "note": blank}
        assert wrong(data, Worded) == {"#/word": "blank", "#/words/0": "blank", "#/named/k": "blank"}
        assert wrong({"members": [{"name": {"en": blank, "zh-CN": "名"}, "from_on": "2026-01-01"}]}) == {
            "#/members/0/name/en": "blank"
        }
        assert Worded().load({"word": f"{blank}字{blank}"}) == {"word": f"{blank}字{blank}"}
        assert Worded().fields["word"].validators is not Worded._declared_fields["word"].validators

    def test_refuse_blanks_in_every_text_a_request_needs(self) -> None:
        """Each request of each service, whatever its fields are called."""
        taken = [
            f"{request.__name__}.{name}"
            for request in requests()
            for name, field in request().load_fields.items()
            if isinstance(field, fields.String) and any(getattr(one, "min", None) for one in field.validators)
            if "blank" not in {one["code"] for one in violations(_error_of(field))}
        ]
        assert taken == []

    def test_point_at_the_whole_when_it_is_no_object(self) -> None:
        assert wrong([]) == wrong("x") == wrong(None) == {"#": "invalid_type"}

    def test_escape_what_a_pointer_must(self) -> None:
        assert set(wrong({"a/b~c": 1, "名 ": 1, "": 1})) == {"#/a~1b~0c", "#/%E5%90%8D%20", "#/"}

    def test_echo_no_value_and_no_long_number(self) -> None:
        secret = "140702199901011234"
        data = {"day": secret, "at": secret, "kind": secret, "word": secret, "id": secret, "mail": secret, secret: 1}
        with pytest.raises(ValidationError) as raised:
            Everything().load(data)
        assert secret not in json.dumps(violations(raised.value), ensure_ascii=False)
        assert len(violations(raised.value)) == len(data)

    @given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(), _nest))
    def test_are_always_four_plain_texts(self, value: Any) -> None:
        for data in (value, dict.fromkeys(Everything().fields, value)):
            try:
                Everything().load(data)
            except ValidationError as error:
                found = violations(error)
                assert found
                assert all(one.keys() == {"pointer", "code", "zh", "en"} for one in found)
                assert all(isinstance(text, str) and text for one in found for text in one.values())
                json.dumps(found).encode()


class TestMessages:
    def test_of_every_field_and_validator_are_in_both_languages(self) -> None:
        for field, messages in FIELD_MESSAGES.items():
            missing = set(field.default_error_messages) - set(messages) - set(_inherited(field))
            assert missing == set(), field.__name__
            assert all(text.zh != str(text) for text in messages.values())

    def test_have_their_numbers_filled_in_in_both_languages(self) -> None:
        install()  # twice: it changes nothing
        with pytest.raises(ValidationError) as raised:
            Everything().load({"word": "x", "count": 0})
        found = {one["code"]: one for one in violations(raised.value)}
        assert found["wrong_length"]["zh"] == "长度应在 2 到 4 之间。"
        assert found["wrong_length"]["en"] == "The length must be between 2 and 4."
        assert "≥ 1" in found["out_of_range"]["zh"]
        assert "≤ 3" in found["out_of_range"]["en"]

    def test_of_a_schema_s_own_travel_with_their_code(self) -> None:
        class Own(Schema):
            word = fields.String(validate=validate.Length(max=1, error=Text("too_wordy", "至多 {max} 个字", "{max}!")))

        with pytest.raises(ValidationError) as raised:
            Own().load({"word": "xx"})
        assert violations(raised.value) == [{"pointer": "#/word", "code": "too_wordy", "zh": "至多 1 个字", "en": "1!"}]


def _inherited(field: type[fields.Field[Any]]) -> set[str]:
    return {key for parent in field.__mro__[1:] for key in FIELD_MESSAGES.get(parent, {})}


class TestText:
    @pytest.mark.parametrize(
        "data",
        [
            {"word": "a\x00"},
            {"word": "\ud800x"},
            {"free": {"a": ["b", {"c": "\x00"}]}},
            {"free": {"a\x00": 1}},
            {"members": [{"from_on": "2026-01-01", "name": {"zh-CN": "\x00", "en": "x"}}]},
        ],
    )
    def test_that_cannot_be_stored_is_refused(self, data: dict[str, Any]) -> None:
        assert "unstorable_text" in wrong(data).values()

    def test_of_every_script_passes(self) -> None:
        assert Everything().load({"word": "𠮷野家😀"})["word"] == "𠮷野家😀"


class TestInstant:
    def test_is_utc_inside_and_shanghai_outside(self) -> None:
        loaded = Everything().load({"at": "2026-01-01T00:30:00+08:00"})["at"]
        assert (loaded, loaded.tzinfo) == (dt.datetime(2025, 12, 31, 16, 30, tzinfo=dt.UTC), dt.UTC)
        assert Everything().dump({"at": loaded}) == {"at": "2026-01-01T00:30:00+08:00"}
        assert Everything().dump({"at": None}) == {"at": None}

    @pytest.mark.parametrize(
        "naive", ["2026-01-01T00:00:00", "2026-01-01", "now", "", 1, "0001-01-01T00:00:00+14:00", []]
    )
    def test_without_an_offset_is_refused(self, naive: Any) -> None:
        assert wrong({"at": naive}) == {"#/at": "invalid_instant"}

    @given(st.datetimes(timezones=st.timezones(), min_value=dt.datetime(1900, 1, 2), max_value=dt.datetime(2900, 1, 1)))
    def test_survives_the_wire(self, moment: dt.datetime) -> None:
        assert Everything().load(Everything().dump({"at": moment}))["at"] == moment.astimezone(dt.UTC)


class TestDay:
    @pytest.mark.parametrize(
        "spelling", ["20260101", "2026-W01-1", "2026-1-1", "2026-02-30", "2026-01-01T00:00", "", 1]
    )
    def test_has_one_spelling(self, spelling: Any) -> None:
        assert wrong({"day": spelling}) == {"#/day": "invalid_date"}
        assert Everything().load({"day": "2026-01-01"}) == {"day": dt.date(2026, 1, 1)}


class TestWhole:
    @pytest.mark.parametrize("number", [1.5, "1.0", "1e0", " 1", "", "x", True, "1" * 30, "１", [1], {}])
    def test_never_rounds_nor_guesses(self, number: Any) -> None:
        assert wrong({"count": number}) == {"#/count": "invalid_integer"}

    @pytest.mark.parametrize("number", [2, "2", 2.0])
    def test_reads_bodies_and_query_strings(self, number: Any) -> None:
        assert Everything().load({"count": number}) == {"count": 2}


class TestBilingual:
    def test_is_the_same_inside_and_outside(self) -> None:
        name = {"zh-CN": "青年之城", "en": "Youth City"}
        assert Bilingual().load(name) == name == Bilingual().dump(name)


class TestPage:
    def test_is_of_fifty_from_the_beginning_by_default(self) -> None:
        assert Page().load({}) == {"limit": 50, "after": None}

    @pytest.mark.parametrize("limit", [0, 201, -1])
    def test_is_never_endless(self, limit: int) -> None:
        assert wrong({"limit": limit}, Page) == {"#/limit": "out_of_range"}

    def test_answers_what_the_next_question_needs(self) -> None:
        row = {"created_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "id": uuid.uuid4()}
        pages = page_of(Member)
        assert pages.__name__ == "MemberPage"
        answer = pages().dump({"items": [{"from_on": dt.date(2026, 1, 1)}], "next_after": row})
        assert answer["items"] == [{"from_on": "2026-01-01"}]
        assert Page().load({"after": answer["next_after"]})["after"] == row
        assert pages().dump({"items": [], "next_after": None}) == {"items": [], "next_after": None}
