"""Dead letters on a real database: kept with their bytes whatever is in them, listed, sent again once."""

from __future__ import annotations

import datetime as dt
import json
import threading
import uuid
from typing import Any

import pytest
from sqlalchemy import Engine, text

from chassis.broker.publisher import Outgoing
from chassis.broker.senders import SENDER
from chassis.ground import clock
from chassis.store import dead_letters
from chassis.store.dead_letters import Wanted
from chassis.store.work import open_work
from tests.chassis.conftest import at_once

CONSUMER = "perks.on_affiliation_changed"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def park(engine: Engine, body: bytes | str = b"{}", **fields: Any) -> None:
    letter: dict[str, Any] = {
        "consumer": CONSUMER,
        "message_id": str(uuid.uuid4()),
        "headers": {"traceparent": TRACE, "x-death": ["much"], "authorization": "Bearer abc"},
        "sender": "talent",
        "reason": "ValueError: no",
        "attempts": 4,
    }
    with open_work(engine) as work:
        dead_letters.park(work.session, body=body, **(letter | fields))


def listed(engine: Engine, **filters: Any) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        found = dead_letters.list_dead(connection, Wanted(**filters))
        assert dead_letters.count(connection, Wanted(**filters)) == len(found)
    return found


class Post:
    """Stands where the confirmed publisher does, and remembers what went out."""

    def __init__(self, *, unroutable: int = 0) -> None:
        self.sent: list[Outgoing] = []
        self._unroutable = unroutable

    def __call__(self, messages: list[Outgoing]) -> set[str]:
        self.sent += messages
        return {str(message.message_id) for message in messages[: self._unroutable]}


def redrive(engine: Engine, post: Any, **filters: Any) -> int:
    sent, left = dead_letters.redrive(engine, post, Wanted(**filters))
    assert left == len(listed(engine, **filters))
    return sent


class TestPark:
    def test_keeps_the_bytes_and_what_is_known_of_them(self, engine: Engine) -> None:
        body = json.dumps({"type": "talent.person.changed.v1", "名": "值"}, ensure_ascii=False).encode("gb18030")
        park(engine, body)
        park(engine, '{"type": "talent.person.changed.v1"}')
        newest, first = listed(engine)
        assert "body" not in newest
        assert newest["type"] == "talent.person.changed.v1"
        assert (first["consumer"], first["reason"], first["attempts"]) == (CONSUMER, "ValueError: no", 4)
        assert first["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
        with engine.connect() as connection:
            shown = dead_letters.show(connection, str(first["id"]))
            assert dead_letters.show(connection, str(uuid.uuid4())) is None
        assert shown is not None
        assert bytes(shown["body"]) == body
        assert shown["headers"] == {"traceparent": TRACE, SENDER: "talent"}

    @pytest.mark.parametrize(
        "poison",
        [
            {"body": b'{"type": "a\\u0000b"}'},
            {"body": b'{"type": "\\ud800"}'},
            {"body": b'{"type": 7}'},
            {"body": b"[" * 100_000},
            {"body": b"\x00\xff"},
            {"message_id": "a\x00b"},
            {"message_id": None},
            {"reason": "ValueError: \x00 \ud800 " + "x" * 10_000},
            {"headers": {"traceparent": "\x00"}},
        ],
        ids=lambda poison: "".join(poison),
    )
    def test_stores_whatever_a_message_is_made_of(self, engine: Engine, poison: dict[str, Any]) -> None:
        park(engine, **poison)
        assert len(listed(engine)) == 1

    def test_keeps_no_personal_data_of_the_failure(self, engine: Engine) -> None:
        park(engine, reason="IntegrityError: Key (phone)=(13812345678) for 140702199901011234 already exists")
        assert listed(engine)[0]["reason"] == "IntegrityError: Key (phone)=([phone]) for [id number] already exists"


class TestList:
    def test_filters_by_handler_and_hides_what_was_sent_again(self, engine: Engine) -> None:
        park(engine)
        park(engine, consumer="perks.on_another")
        assert len(listed(engine)) == 2
        redrive(engine, Post(), consumer=CONSUMER)
        assert [letter["consumer"] for letter in listed(engine)] == ["perks.on_another"]
        assert len(listed(engine, redriven=True)) == 2
        assert len(listed(engine, redriven=True, consumer=CONSUMER)) == 1

    def test_filters_by_type_reason_and_age(self, engine: Engine) -> None:
        park(engine, b'{"type": "talent.person.changed.v1"}')
        park(engine, reason="undecodable: 100% not JSON")
        with engine.begin() as connection:
            connection.execute(text("update dead_letters set died_at = now() - interval '3 days' where type is null"))
        a_day_ago = clock.now() - dt.timedelta(days=1)
        assert [letter["type"] for letter in listed(engine, died_after=a_day_ago)] == ["talent.person.changed.v1"]
        assert [letter["type"] for letter in listed(engine, died_before=a_day_ago)] == [None]
        assert [letter["type"] for letter in listed(engine, event_type="talent.person.changed.v1")] != [None]
        assert len(listed(engine, reason="UNDECODABLE")) == len(listed(engine, reason="0% not")) == 1
        assert listed(engine, reason="%JSON") == [], "a sign of LIKE is itself"
        assert listed(engine, died_before=a_day_ago, event_type="talent.person.changed.v1") == []


class TestRedrive:
    def test_sends_the_bytes_straight_to_the_handler_s_queue_and_marks_them(self, engine: Engine) -> None:
        park(engine, b"\x00 as they were")
        post = Post()
        assert redrive(engine, post, consumer=CONSUMER) == 1
        (message,) = post.sent
        assert (message.exchange, message.routing_key) == ("", "perks.on_affiliation_changed.v1")
        assert message.body == b"\x00 as they were"
        assert message.headers == {"traceparent": TRACE, SENDER: "talent"}, "and so with its attempts counted anew"
        assert redrive(engine, post, consumer=CONSUMER) == 0

    def test_sends_only_those_named(self, engine: Engine) -> None:
        for number in range(3):
            park(engine, f"{number}".encode())
        middle = str(listed(engine)[1]["id"])
        post = Post()
        assert redrive(engine, post, ids=[middle]) == 1
        assert [message.body for message in post.sent] == [b"1"]

    def test_leaves_what_reached_no_queue(self, engine: Engine) -> None:
        for _ in range(3):
            park(engine)
        assert redrive(engine, Post(unroutable=1), consumer=CONSUMER) == 2
        assert len(listed(engine)) == 1

    def test_marks_nothing_the_broker_has_not_confirmed(self, engine: Engine) -> None:
        park(engine)

        def broken(messages: list[Outgoing]) -> set[str]:
            raise OSError("no confirm")

        with pytest.raises(OSError, match="no confirm"):
            redrive(engine, broken, consumer=CONSUMER)
        assert len(listed(engine)) == 1

    def test_sends_more_than_a_batch_and_passes_what_reaches_no_queue_once(
        self, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(dead_letters, "REDRIVEN", 3)
        for number in range(8):
            park(engine, f"{number}".encode())
        post = Post(unroutable=1)
        assert redrive(engine, post) == 5, "one of each batch is left"
        assert sorted(message.body for message in post.sent) == [f"{number}".encode() for number in range(8)]

    def test_ends_although_what_it_sends_dies_again_at_once(self, engine: Engine) -> None:
        park(engine)
        sent: list[Outgoing] = []

        def post(messages: list[Outgoing]) -> set[str]:
            sent.extend(messages)
            assert len(sent) < 5, "it goes on for ever"
            park(engine, reason="ValueError: no, again")
            return set()

        assert dead_letters.redrive(engine, post, Wanted()) == (1, 0)
        assert [letter["reason"] for letter in listed(engine)] == ["ValueError: no, again"]

    def test_by_two_operators_sends_each_letter_once(self, engine: Engine) -> None:
        for _ in range(40):
            park(engine)
        first_holds_its_letters, second_is_done = threading.Event(), threading.Event()
        post = Post()

        def slow_post(messages: list[Outgoing]) -> set[str]:
            first_holds_its_letters.set()
            assert second_is_done.wait(20)
            return post(messages)

        def operate(number: int) -> int:
            if number == 0:
                return dead_letters.redrive(engine, slow_post, Wanted(consumer=CONSUMER))[0]
            assert first_holds_its_letters.wait(20)
            sent, _ = dead_letters.redrive(engine, post, Wanted(consumer=CONSUMER))
            second_is_done.set()
            return sent

        assert at_once(2, operate) == [40, 0]
        assert len({message.message_id for message in post.sent}) == len(post.sent) == 40
