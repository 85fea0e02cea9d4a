"""The audit on a real database: who is on record, who may read it, and how long it is kept."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from sqlalchemy import Engine, text

from chassis.store import audit
from chassis.store.audit import NotAnAuditor, list_audit, people_of
from chassis.store.housekeeping import keep_audit
from chassis.store.work import Caller, open_reading, open_work

NOW = dt.datetime.now(dt.UTC)
ANNA, BAO = uuid.uuid4(), uuid.uuid4()
DESK = Caller("desk", "education", "r1", trusted=True, subject="staff:s1", purpose="get_pass")
AUDITOR = Caller("auditor", "audit_office", "r2", trusted=True, scopes=frozenset({audit.SCOPE}))
ITSELF = Caller("app", "youth_league", "r3", trusted=True, subject=f"person:{ANNA}")
PERSON = people_of("person_id")


def show(engine: Engine, *people: uuid.UUID, caller: Caller = DESK, now: dt.datetime = NOW, **request: Any) -> None:
    page = {"items": [{"person_id": str(person)} for person in people]}
    with open_work(engine, caller=caller, now=now) as work:
        audit.write(work, "list_people", PERSON, request, page)


def read(engine: Engine, caller: Caller = AUDITOR, **filters: Any) -> dict[str, Any]:
    with open_reading(engine, caller=caller) as work:
        return list_audit(work, **{"limit": 50, **filters})


def execute(engine: Engine, sql: str, **names: Any) -> Any:
    with engine.begin() as connection:
        return connection.execute(text(sql), names)


class TestARow:
    def test_says_who_did_what_to_whom_for_whom_and_why(self, engine: Engine) -> None:
        show(engine, BAO, ANNA, ANNA, person_id=BAO)
        (row,) = read(engine)["items"]
        assert (row["client_id"], row["department"], row["subject"]) == ("desk", "education", "staff:s1")
        assert (row["operation"], row["purpose"], row["request_id"]) == ("list_people", "get_pass", "r1")
        assert row["person_ids"] == sorted([ANNA, BAO], key=str)

    def test_believes_the_broker_and_not_the_sender(self, engine: Engine) -> None:
        claimed = {"client_id": "auditor", "department": "audit_office", "request_id": "r", "subject": f"person:{ANNA}"}
        show(engine, ANNA, caller=Caller(**claimed, broker_user="events"), now=NOW - dt.timedelta(hours=1))
        show(engine, ANNA, caller=Caller(**claimed))
        found = [(row["client_id"], row["department"], row["subject"]) for row in read(engine)["items"]]
        assert found == [("unknown", "unknown", None), ("events", "platform", None)]

    def test_leads_from_a_record_to_its_person(self, engine: Engine) -> None:
        execute(engine, "create table tickets (id uuid, person_id uuid)")
        ticket = uuid.uuid4()
        execute(engine, "insert into tickets values (:id, :person)", id=ticket, person=ANNA)
        with open_work(engine, caller=DESK) as work:
            audit.write(work, "scan", people_of("ticket_id", of="tickets"), {"ticket_id": ticket}, {})
        assert read(engine)["items"][0]["person_ids"] == [ANNA]

    def test_prefers_the_purpose_that_was_stated(self, engine: Engine) -> None:
        show(engine, ANNA, purpose="a court order")
        assert read(engine)["items"][0]["purpose"] == "a court order"


class TestReading:
    def test_is_for_auditors_and_for_a_person_about_themselves(self, engine: Engine) -> None:
        show(engine, ANNA, BAO)
        show(engine, BAO)
        assert len(read(engine)["items"]) == 2
        assert len(read(engine, ITSELF, person_ids=[ANNA])["items"]) == 1
        forged = Caller("auditor", "x", "r", scopes=frozenset({audit.SCOPE}), subject=f"person:{BAO}")
        for caller, filters in (
            (ITSELF, {}),
            (ITSELF, {"person_ids": [BAO]}),
            (DESK, {}),
            (forged, {"person_ids": [BAO]}),
        ):
            with pytest.raises(NotAnAuditor):
                read(engine, caller, **filters)

    def test_goes_by_pages_newest_first_and_by_person_client_department_and_time(self, engine: Engine) -> None:
        for hours in range(5):
            show(engine, ANNA if hours % 2 else BAO, now=NOW - dt.timedelta(hours=hours // 2))
        page = read(engine, limit=2)
        pages = [page["items"]]
        while page["next_after"]:
            page = read(engine, limit=2, after=page["next_after"])
            pages.append(page["items"])
        assert [len(one) for one in pages] == [2, 2, 1]
        found = [(row["at"], row["id"]) for one in pages for row in one]
        assert found == sorted(set(found), reverse=True) and len(found) == 5
        hour = NOW - dt.timedelta(hours=1)
        counts = [
            len(read(engine, **filters)["items"])
            for filters in (
                {"person_ids": [ANNA]},
                {"client_id": "desk"},
                {"client_id": "another"},
                {"department": "education"},
                {"since": hour},
                {"until": hour},
            )
        ]
        assert counts == [2, 5, 0, 5, 4, 1]


class TestKeeping:
    def test_makes_the_months_ahead_and_lets_those_go_that_are_over(self, engine: Engine) -> None:
        execute(
            engine, "create table audit_2020_01 partition of audit for values from ('2020-01-01') to ('2020-02-01')"
        )
        for month in (dt.datetime(2020, 1, 5, tzinfo=dt.UTC), dt.datetime(2021, 1, 5, tzinfo=dt.UTC), NOW):
            show(engine, ANNA, now=month)
        assert keep_audit(engine, NOW, audit_months=12) is False
        assert [row["at"] for row in read(engine)["items"]] == [NOW]
        assert self.partitions(engine) == {f"audit_{self.month(ahead)}" for ahead in (1, 2)} | {"audit_default"}

    def test_never_forgets_what_the_law_wants_kept(self, engine: Engine) -> None:
        kept, gone = NOW - dt.timedelta(days=180), NOW - dt.timedelta(days=30 * 8)
        show(engine, ANNA, now=kept)
        show(engine, ANNA, now=gone)
        keep_audit(engine, NOW, audit_months=0)
        assert [row["at"] for row in read(engine)["items"]] == [kept]

    @staticmethod
    def partitions(engine: Engine) -> set[str]:
        children = "select inhrelid::regclass::text from pg_inherits where inhparent = 'audit'::regclass"
        return {str(row[0]) for row in execute(engine, children)}

    @staticmethod
    def month(ahead: int) -> str:
        first = NOW.date().replace(day=1)
        for _ in range(ahead):
            first = (first + dt.timedelta(days=32)).replace(day=1)
        return f"{first:%Y_%m}"
