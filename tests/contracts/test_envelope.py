"""The envelope: what is composed can be read, and what cannot be read is refused by one kind of error."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.language import envelope

PERSON = "talent.person.registered.v1"
NOW = dt.datetime(2026, 11, 23, 8, 0, 0, 123456, tzinfo=dt.UTC)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def compose(**changed: Any) -> str:
    person_id = str(uuid.uuid4())
    fields: dict[str, Any] = {
        "id": uuid.uuid4(),
        "type": PERSON,
        "subject_id": person_id,
        "version": 3,
        "time": NOW,
        "data": {"person_id": person_id, "version": 3},
        "traceparent": TRACE,
        "replay": False,
    }
    return envelope.compose(envelope.Event(**(fields | changed)))


def without(name: str) -> str:
    body = json.loads(compose())
    del body[name]
    return json.dumps(body)


@pytest.fixture
def unchecked_values() -> Iterator[None]:
    envelope.check_values(False)
    yield
    envelope.check_values(True)


def _nest(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=4)


class TestRoundTrip:
    @pytest.mark.parametrize("replay", [True, False])
    @pytest.mark.parametrize("traceparent", [TRACE, None])
    def test_reads_what_was_composed(self, replay: bool, traceparent: str | None) -> None:
        event_id = uuid.uuid4()
        body = compose(id=event_id, replay=replay, traceparent=traceparent)
        event = envelope.parse(body.encode())
        assert (event.id, event.type, event.version, event.time) == (event_id, PERSON, 3, NOW)
        assert (event.replay, event.traceparent) == (replay, traceparent)
        assert event.data == {"person_id": event.subject_id, "version": 3}

    def test_is_plain_cloudevents(self) -> None:
        body = json.loads(compose())
        assert {"specversion", "id", "source", "type"} <= body.keys(), "the attributes CloudEvents asks for"
        assert (body["specversion"], body["source"]) == ("1.0", "/cities/jinzhong/talent")
        assert dt.datetime.fromisoformat(body["time"]).tzinfo is not None
        assert "replay" not in body

    def test_lets_newer_senders_add_members_and_fields(self) -> None:
        body = json.loads(compose())
        body["later"] = body["data"]["later"] = 1
        assert envelope.parse(json.dumps(body)).data["later"] == 1


class TestCompose:
    def test_refuses_an_event_that_is_too_large(self, unchecked_values: None) -> None:
        with pytest.raises(ValueError, match="bytes, at most"):
            compose(subject_id="名" * (envelope.LARGEST_BYTES // 3))

    def test_compares_names_even_where_values_are_not_checked(self, unchecked_values: None) -> None:
        with pytest.raises(ValueError, match="version"):
            compose(data={"person_id": "x"})
        with pytest.raises(ValueError, match="name"):
            compose(data={"person_id": "x", "version": 1, "name": "张三"})
        compose(data={"person_id": "not checked", "version": 1})

    def test_checks_values_by_default(self) -> None:
        with pytest.raises(ValueError, match="person_id"):
            compose(data={"person_id": "no id", "version": 1})


class TestParse:
    @pytest.mark.parametrize("name", ["specversion", "id", "type", "subject", "sequence", "time", "data"])
    def test_refuses_an_event_without(self, name: str) -> None:
        with pytest.raises(ValueError):
            envelope.parse(without(name))

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"\xff\xfe",
            b"null",
            b"[]",
            b"7",
            b"{}",
            b"[" * 100_000,
            '{"specversion": "1.0"}',
            compose().replace('"sequence":3', '"sequence":"three"'),
            compose().replace('"sequence":3', '"sequence":null'),
            compose().replace('"sequence":3', '"sequence":1e400'),
            compose().replace('"sequence":3', '"sequence":3.0'),
            compose().replace('"sequence":3', '"sequence":true'),
            compose().replace(f'"type":"{PERSON}"', '"type":{}'),
            compose().replace(f'"{TRACE}"', '{"a": 1}'),
            compose().replace("2026-11-23", "2026-99-23"),
            compose().replace("+00:00", ""),
            compose().replace('"data":{', '"data":[{').replace("}}", "}]}"),
        ],
    )
    def test_refuses_what_is_no_event_with_a_value_error(self, body: bytes | str) -> None:
        with pytest.raises(ValueError):
            envelope.parse(body)

    @given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), _nest))
    def test_raises_nothing_else_for_any_member(self, value: Any) -> None:
        for name in json.loads(compose()):
            try:
                envelope.parse(json.dumps(json.loads(compose()) | {name: value}))
            except ValueError:
                continue
