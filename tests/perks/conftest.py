"""What the perks tests share: a migrated database, facts as events, a published scenic-area scheme, signing keys."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlalchemy import event as listener

from chassis.ground.ids import uuid7
from chassis.store.database import make_engine
from chassis.store.work import Caller, Work, open_work
from contracts.language.envelope import Event
from contracts.scans import ScanTimes
from services.perks import passes, redemptions, schemes
from services.perks.entitlements import evaluation, triggers
from tests.support.facts import event
from tests.support.servers import Make
from tests.support.signing_keys import write_keys

TODAY = dt.date(2026, 11, 23)
NOW = dt.datetime(2026, 11, 23, 2, 0, tzinfo=dt.UTC)
GATE = Caller(client_id="gate", department="culture_tourism", request_id="test", trusted=True)
SCAN_TIMES = ScanTimes(kept=dt.timedelta(days=7), ahead=dt.timedelta(minutes=5))
PASS_VALID = passes.Validity(card=dt.timedelta(days=30), shown=dt.timedelta(minutes=10))
CLAUSE = "affiliations.exists(a, a.current && a.role in ['student', 'staff'] && 'universities' in a.sets)"
SCHEME: dict[str, Any] = {
    "name": {"zh-CN": "免首道门票", "en": "Free first gate"},
    "source": "P35",
    "valid_from": dt.date(2023, 1, 1),
    "valid_until": None,
    "covers": "first_gate",
    "relation": [
        {"place_set": "areas", "institution_set": "universities", "from_on": dt.date(2023, 1, 1), "until_on": None}
    ],
    "clauses": [
        {"id": "member", "expr": CLAUSE, "message": {"zh-CN": "须为师生。", "en": "Must be a member."}, "source": "P35"}
    ],
    "limit": {"count": 1, "per": "place", "window": "shanghai_day", "assumption": True},
}


def organisation_event(organisation_id: UUID, *, version: int = 1, kind: str = "university") -> Event:
    about = {"kind": kind, "name": "某单位", "status": "active"}
    data = {"organisation_id": str(organisation_id), "version": version, **about}
    return event("talent.organisation.registered.v1", organisation_id, version, data)


def set_event(
    key: str,
    version: int,
    members: list[UUID],
    *,
    from_on: str = "2023-01-01",
    until_on: str | None = None,
    time: dt.datetime = NOW,
) -> Event:
    rows = [{"organisation_id": str(member), "from_on": from_on, "until_on": until_on} for member in members]
    data = {"key": key, "version": version, "members": rows}
    return event("talent.organisation_set.published.v1", key, version, data, time=time)


def merge_event(person_id: UUID, into: UUID | None, *, version: int = 2) -> Event:
    """That a person is merged into another; or, with None, no more."""
    data = {"person_id": str(person_id), "version": version, "merged_into": str(into) if into else None}
    return event(f"talent.person.{'merged' if into else 'unmerged'}.v1", person_id, version, data)


class City:
    """perks' database with the moves a test makes in it."""

    def __init__(self, engine: Engine, keys: passes.PassKeys) -> None:
        self.engine, self.keys = engine, keys

    def work(self, *, now: dt.datetime = NOW, caller: Caller = GATE) -> Any:
        return open_work(self.engine, caller=caller, now=now)

    def organisation(self, kind: str = "university") -> UUID:
        organisation_id = uuid7()
        self.hear_organisations(organisation_event(organisation_id, kind=kind))
        return organisation_id

    def hear_organisations(self, *events: Event) -> None:
        with self.work() as work:
            triggers.organisations_changed(work, list(events))

    def publish_set(
        self,
        key: str,
        version: int,
        members: list[UUID],
        *,
        from_on: str = "2023-01-01",
        until_on: str | None = None,
        now: dt.datetime = NOW,
    ) -> None:
        self.hear_sets(set_event(key, version, members, from_on=from_on, until_on=until_on, time=now), now=now)

    def hear_sets(self, *events: Event, now: dt.datetime = NOW) -> None:
        with self.work(now=now) as work:
            triggers.sets_published(work, list(events))

    def publish_scheme(
        self, version: int | None = None, *, now: dt.datetime = NOW, caller: Caller = GATE, **changes: Any
    ) -> dict[str, Any]:
        content = {**SCHEME, **changes}
        with self.work(now=now, caller=caller) as work:
            return schemes.put_scheme(work, key="scenic_areas", version=version, **content)

    def affiliation(
        self,
        person_id: UUID,
        organisation_id: UUID,
        *,
        affiliation_id: UUID | None = None,
        version: int = 1,
        **stated: Any,
    ) -> Event:
        data = {
            "affiliation_id": str(affiliation_id or uuid7()),
            "version": version,
            "person_id": str(person_id),
            "organisation_id": str(organisation_id),
            "role": "student",
            "state": "confirmed",
            "from_on": "2024-09-01",
            "until_on": None,
            **stated,
        }
        return event(f"talent.affiliation.{data['state']}.v1", data["affiliation_id"], version, data)

    def hear(self, *events: Event, now: dt.datetime = NOW) -> None:
        with self.work(now=now) as work:
            triggers.affiliations_changed(work, list(events))

    def merge(self, person_id: UUID, into: UUID | None, *, version: int = 2, now: dt.datetime = NOW) -> None:
        self.hear_merges(merge_event(person_id, into, version=version), now=now)

    def hear_merges(self, *events: Event, now: dt.datetime = NOW) -> None:
        with self.work(now=now) as work:
            triggers.people_merged(work, list(events))

    def settle(self, *, now: dt.datetime = NOW) -> None:
        """Let the timers do all they have to do."""
        for step in (evaluation.run_chunk, evaluation.run_due):
            more = True
            while more:
                with self.work(now=now) as work:
                    more = step(work)

    def states(self) -> dict[UUID, str]:
        with self.engine.connect() as connection:
            rows = connection.execute(text("select person_id, state from entitlements"))
            return {row.person_id: row.state for row in rows}

    def holdings(self) -> list[tuple[Any, ...]]:
        """Whose the entitlements and redemptions are, and what they say."""
        columns = "id, person_id, scheme_key, state, reasons, facts, merged_from, merged_into"
        held = 'entitlement_id, scope, "window", slot, outcome, merged_from, nonce'
        return [
            *map(tuple, self.rows(f"select {columns} from entitlements order by id")),
            *map(tuple, self.rows(f"select {held} from redemptions order by id")),
        ]

    def announced(self) -> list[str]:
        """What was announced of entitlements, in order."""
        bodies = self.rows("select body from outbox where type like 'perks.entitlement.%' order by created_at, id")
        return [json.loads(row.body)["type"].split(".")[2] for row in bodies]

    def count(self, sql: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(text(sql)).scalar_one())

    def rows(self, sql: str) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(text(sql)))

    def await_a_waiter(self) -> None:
        """Until another transaction waits for a lock of this one."""
        waiting = (
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        )
        deadline = time.monotonic() + 5
        while self.count(waiting) == 0:
            assert time.monotonic() < deadline, "no transaction waits: it went on beside the evaluation"

    @contextlib.contextmanager
    def statements(self) -> Iterator[list[str]]:
        """What is sent to the database meanwhile; a statement run for many rows one by one counts as often."""
        sent: list[str] = []

        def note(connection: Any, cursor: Any, sql: str, parameters: Any, context: Any, is_many: bool) -> None:
            sent.extend([" ".join(sql.split()[:3])] * (len(parameters) if is_many and "VALUES" not in sql else 1))

        listener.listen(self.engine, "before_cursor_execute", note)
        yield sent
        listener.remove(self.engine, "before_cursor_execute", note)

    def pass_of(self, person_id: UUID, *, now: dt.datetime = NOW, caller: Caller = GATE) -> str:
        with self.work(now=now, caller=caller) as work:
            query = text("select id from entitlements where person_id = :person")
            entitlement_id = work.session.scalar(query, {"person": person_id})
            issued = passes.issue_pass(
                work, keys=self.keys, pass_valid=PASS_VALID, entitlement_id=entitlement_id, holder="张*"
            )
        return str(issued["token"])

    def scan(self, token: str, place_id: UUID, nonce: str, **more: Any) -> dict[str, Any]:
        at: dt.datetime = more.pop("now", NOW)
        with self.work(now=at, caller=more.pop("caller", GATE)) as work:
            return self.redeem(work, token, place_id, nonce, **more)

    def redeem(self, work: Work, token: str, place_id: UUID, nonce: str, **more: Any) -> dict[str, Any]:
        said = {"token": token, "place_id": place_id, "nonce": nonce, "is_trusted": True, **more}
        return redemptions.redeem_pass(work, keys=self.keys, scan_times=SCAN_TIMES, **said)


class Story:
    """One student with a pass, one area that serves them, one that does not."""

    def __init__(self, city: City, **changes: Any) -> None:
        self.city, self.person, self.affiliation = city, uuid7(), uuid7()
        self.university = city.organisation()
        self.area, self.other = city.organisation("scenic_area"), city.organisation("scenic_area")
        city.publish_set("universities", 1, [self.university])
        city.publish_set("areas", 1, [self.area])
        city.publish_scheme(**changes)
        city.hear(city.affiliation(self.person, self.university, affiliation_id=self.affiliation))
        self.token = city.pass_of(self.person)

    def end(self, until_on: str) -> None:
        about: dict[str, Any] = {
            "affiliation_id": self.affiliation,
            "version": 2,
            "state": "ended",
            "until_on": until_on,
        }
        self.city.hear(self.city.affiliation(self.person, self.university, **about))


class Pair(Story):
    """The student of the story, and another record of the same human that is reported as a student too."""

    def __init__(self, city: City, **changes: Any) -> None:
        super().__init__(city, **changes)
        self.other_person = uuid7()
        self.survivor = self.person
        city.hear(city.affiliation(self.other_person, self.university))
        self.other_token = city.pass_of(self.other_person)

    def merge(self, *, version: int = 2) -> None:
        self.city.merge(self.other_person, self.survivor, version=version)

    def undo(self, *, version: int = 3) -> None:
        self.city.merge(self.other_person, None, version=version)

    def ids(self) -> tuple[UUID, UUID]:
        """The entitlements of the survivor and of the other record, as their passes name them."""
        survivors, others = (self.city.keys.read(token) for token in (self.token, self.other_token))
        return survivors.entitlement_id, others.entitlement_id

    def admits(self, token: str, nonce: str, *, now: dt.datetime = NOW) -> bool:
        return bool(self.city.scan(token, self.area, nonce, now=now)["outcome"] == "admitted")


@pytest.fixture
def city(migrated_database: Make, tmp_path: Path) -> Iterator[City]:
    engine = make_engine(migrated_database("perks"), pool_size=60, name="test")
    write_keys(tmp_path / "keys.json", "k1")
    yield City(engine, passes.PassKeys.from_file(tmp_path / "keys.json", is_dev=True))
    engine.dispose()
