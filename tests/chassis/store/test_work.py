"""The unit of work on a real database: rows, events and history leave together or not at all, in few statements."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

import pytest
from sqlalchemy import Engine, text

from chassis.store import history
from chassis.store.work import Caller, Work, open_reading, open_work
from tests.chassis.conftest import statements_of

GATE = Caller("gate-7", "culture_tourism", "request-9", idempotency_key="k", trusted=True)
LATE_EVENING = dt.datetime(2026, 3, 31, 17, 30, tzinfo=dt.UTC)  # the first of April in Shanghai
PERSON = "talent.person.registered.v1"


def announce(work: Work, *, version: int = 1) -> str:
    person_id = str(uuid.uuid4())
    work.announce(PERSON, subject_id=person_id, version=version, data={"person_id": person_id, "version": version})
    return person_id


def rows(engine: Engine, sql: str) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text(sql)).mappings())


class TestCommit:
    def test_writes_events_and_history_with_the_rows(self, engine: Engine) -> None:
        with open_work(engine, caller=GATE, now=LATE_EVENING) as work:
            work.session.execute(text("insert into inbox (consumer, message_id) values ('c', gen_random_uuid())"))
            person_id = announce(work)
            work.record("person", person_id, from_state=None, to_state="known", reason="first report")
        assert len(rows(engine, "select * from inbox")) == 1
        (event,) = rows(engine, "select * from outbox")
        assert (event["type"], event["subject_id"], event["version"]) == (PERSON, person_id, 1)
        assert (event["position"], event["published_at"], event["only_for"]) == (None, None, None)
        with open_reading(engine) as work:
            (change,) = history.of_subject(work.session, "person", person_id)
        assert (change["from_state"], change["to_state"], change["reason"]) == (None, "known", "first report")
        assert (change["client_id"], change["department"], change["request_id"]) == (
            "gate-7",
            "culture_tourism",
            "request-9",
        )
        assert change["recorded_at"] == LATE_EVENING

    def test_keeps_the_steps_of_a_subject_in_the_order_they_were_taken(self, engine: Engine) -> None:
        with open_work(engine, now=LATE_EVENING) as held_up:
            with open_work(engine, now=LATE_EVENING + dt.timedelta(seconds=1)) as work:
                work.record("person", "7", from_state=None, to_state="known")
            held_up.record("person", "7", from_state="known", to_state="checked")
        with open_reading(engine) as work:
            steps = history.of_subject(work.session, "person", "7")
        assert [step["to_state"] for step in steps] == ["known", "checked"]

    def test_sends_one_statement_for_all_events_and_one_for_all_history(self, engine: Engine) -> None:
        with statements_of(engine) as sent, open_work(engine) as work:
            for _ in range(7):
                work.record("person", announce(work), from_state=None, to_state="known")
        assert [statement.split("(")[0].strip() for statement in sent] == ["INSERT INTO history", "INSERT INTO outbox"]

    def test_keeps_the_order_of_what_was_announced(self, engine: Engine) -> None:
        with open_work(engine) as work:
            announced = [announce(work) for _ in range(50)]
        written = rows(engine, "select subject_id from outbox order by created_at, id")
        assert [row["subject_id"] for row in written] == announced

    def test_announces_in_order_though_the_later_of_two_works_began_first(self, engine: Engine) -> None:
        with open_work(engine, now=LATE_EVENING) as held_up:  # it waits for a row that the other has locked
            with open_work(engine, now=LATE_EVENING + dt.timedelta(seconds=1)) as work:
                first = announce(work)
            second = announce(held_up)
        written = rows(engine, "select subject_id from outbox order by id")
        assert [row["subject_id"] for row in written] == [first, second]

    def test_tells_the_relay_only_when_something_was_announced(self, engine: Engine) -> None:
        woken: list[int] = []

        def wake() -> None:
            woken.append(len(rows(engine, "select 1 from outbox")))  # already committed

        with open_work(engine, on_commit=wake):
            pass
        with open_work(engine, on_commit=wake) as work:
            announce(work)
        assert woken == [1]


class TestRollback:
    def test_leaves_nothing_when_the_block_raises(self, engine: Engine) -> None:
        woken: list[bool] = []
        with (
            pytest.raises(RuntimeError, match="in the middle"),
            open_work(engine, on_commit=lambda: woken.append(True)) as work,
        ):
            work.session.execute(text("insert into inbox (consumer, message_id) values ('c', gen_random_uuid())"))
            work.record("person", announce(work), from_state=None, to_state="known")
            raise RuntimeError("in the middle")
        assert rows(engine, "select 1 from inbox union all select 1 from outbox union all select 1 from history") == []
        assert woken == []

    def test_gives_the_connection_back_without_a_transaction(self, engine: Engine) -> None:
        for _ in range(60):  # twice the pool
            with pytest.raises(ZeroDivisionError), open_work(engine) as work:
                work.session.execute(text("select 1"))
                raise ZeroDivisionError
        idle = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in%'"
        assert rows(engine, idle)[0]["count"] == 0

    def test_a_reading_commits_nothing(self, engine: Engine) -> None:
        with open_reading(engine) as work:
            work.session.execute(text("insert into inbox (consumer, message_id) values ('c', gen_random_uuid())"))
        assert rows(engine, "select 1 from inbox") == []


class TestAnnounce:
    def test_composes_the_message_that_will_be_published(self, engine: Engine) -> None:
        with open_work(engine, now=LATE_EVENING) as work:
            person_id = announce(work, version=4)
        (row,) = rows(engine, "select id, body from outbox")
        assert json.loads(row["body"]) == {
            "specversion": "1.0",
            "id": str(row["id"]),
            "source": "/cities/jinzhong/talent",
            "type": PERSON,
            "subject": person_id,
            "time": "2026-03-31T17:30:00+00:00",
            "datacontenttype": "application/json",
            "sequence": 4,
            "data": {"person_id": person_id, "version": 4},
        }

    def test_marks_what_a_replay_causes_as_a_replay(self, engine: Engine) -> None:
        with open_work(engine, replay=True, only_for="perks.on_affiliation_changed.v1") as work:
            announce(work)
        (row,) = rows(engine, "select body, only_for from outbox")
        assert json.loads(row["body"])["replay"] is True
        assert row["only_for"] == "perks.on_affiliation_changed.v1"

    @pytest.mark.parametrize(
        ("event_type", "data"),
        [
            ("talent.person.vanished.v1", {}),
            (PERSON, {"person_id": str(uuid.uuid4())}),
            (PERSON, {"person_id": str(uuid.uuid4()), "version": 1, "name": "张三"}),
            (PERSON, {"person_id": "not an id", "version": 1}),
        ],
        ids=["unknown type", "field missing", "field too many", "wrong value"],
    )
    def test_refuses_what_the_catalogue_does_not_know(
        self, engine: Engine, event_type: str, data: dict[str, Any]
    ) -> None:
        with pytest.raises(ValueError, match=event_type), open_work(engine) as work:
            work.announce(event_type, subject_id="x", version=1, data=data)
        assert rows(engine, "select 1 from outbox") == []


class TestTime:
    def test_is_one_instant_and_the_day_in_shanghai(self, engine: Engine) -> None:
        with open_work(engine, now=LATE_EVENING) as work:
            assert work.now == LATE_EVENING
            assert work.today == dt.date(2026, 4, 1)
            work.record("scheme", "s", from_state=None, to_state="open")
            work.record("scheme", "s", from_state="open", to_state="shut", effective_on=dt.date(2026, 5, 1))
        changes = rows(engine, "select effective_on from history order by id")
        assert [row["effective_on"] for row in changes] == [dt.date(2026, 4, 1), dt.date(2026, 5, 1)]
