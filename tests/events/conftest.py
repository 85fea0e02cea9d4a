"""What the events tests share: a migrated database, facts as events, activities, ticket keys."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlalchemy import event as listener

from chassis.ground.ids import uuid7
from chassis.store.database import make_engine
from chassis.store.work import PLATFORM, Caller, Work, open_work
from contracts.language.envelope import Event
from contracts.scans import ScanTimes
from services.events import activities, checkins, copies, registrations, tickets
from services.events.activities import moves, session_moves
from services.events.checkins import revoking
from services.events.registrations import changes, merging, voiding, waiting_list
from tests.support.facts import event
from tests.support.servers import Make
from tests.support.signing_keys import write_keys

NOW = dt.datetime(2026, 11, 23, 2, 0, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
LEAGUE = Caller(client_id="league", department="youth_league", request_id="test", trusted=True)
OTHERS = Caller(client_id="others", department="education", request_id="test", trusted=True)
DOOR = Caller(client_id="door", department="youth_league", request_id="test", trusted=True)
APP = Caller(client_id="app", department="youth_app", request_id="test", trusted=True, client_type="channel")
SCAN_TIMES = ScanTimes(kept=dt.timedelta(days=7), ahead=dt.timedelta(minutes=5), early=dt.timedelta(hours=3))


def session(capacity: int = 2, *, starts_at: dt.datetime = NOW + DAY, hours: int = 4, **more: Any) -> dict[str, Any]:
    ends_at = starts_at + hours * HOUR
    return {"starts_at": starts_at, "ends_at": ends_at, "place": "体育馆", "capacity": capacity, **more}


def themselves(person_id: UUID) -> Caller:
    """The youth app, acting for a person."""
    return replace(APP, subject=f"person:{person_id}")


@contextlib.contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """What is sent to the database meanwhile."""
    sent: list[str] = []

    def note(connection: Any, cursor: Any, sql: str, *rest: Any) -> None:
        sent.append(" ".join(sql.split()[:3]))

    listener.listen(engine, "before_cursor_execute", note)
    yield sent
    listener.remove(engine, "before_cursor_execute", note)


def merge(person_id: UUID, into: UUID | None, version: int) -> Event:
    """A person is merged into another, or (None) the merge is undone."""
    data = {"person_id": str(person_id), "version": version, "merged_into": str(into) if into else None}
    return event(f"talent.person.{'merged' if into else 'unmerged'}.v1", person_id, version, data)


class Town:
    """events' database with the moves a test makes in it."""

    def __init__(self, engine: Engine, keys: tickets.TicketKeys) -> None:
        self.engine, self.keys = engine, keys
        self.organiser = self.organisation()

    def work(self, *, now: dt.datetime = NOW, caller: Caller = LEAGUE) -> Any:
        return open_work(self.engine, caller=caller, now=now)

    # -- facts

    def organisation(self, kind: str = "university") -> UUID:
        organisation_id = uuid7()
        data = {"organisation_id": str(organisation_id), "kind": kind, "name": "某单位", "status": "active"}
        with self.work() as work:
            copies.organisations.apply(work, [event("talent.organisation.registered.v1", organisation_id, 1, data)])
        return organisation_id

    def people(self, count: int) -> list[UUID]:
        found = [uuid7() for _ in range(count)]
        events = [event("talent.person.registered.v1", one, 1, {"person_id": str(one), "version": 1}) for one in found]
        with self.work() as work:
            copies.people.apply(work, events)
        return found

    def person(self) -> UUID:
        return self.people(1)[0]

    def hear(self, *events: Event) -> None:
        with self.work() as work:
            copies.affiliations.apply(work, events)

    def merge(self, person_id: UUID, into: UUID | None, *, version: int = 2) -> None:
        self.hear_merges(merge(person_id, into, version))

    def hear_merges(self, *events: Event) -> None:
        with self.work(caller=PLATFORM) as work:
            merging.people_merged(work, events)

    # -- activities

    def draft(self, *sessions: dict[str, Any], **more: Any) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "kind": "job_fair",
            "title": {"zh-CN": "校园招聘会", "en": "Campus job fair"},
            "organiser_id": self.organiser,
            "co_organiser_ids": [],
            "open_to": None,
            "promotion": "automatic",
            "offer_hours": 24,
            "sessions": list(sessions) or [session()],
        }
        with self.work() as work:
            return activities.create_activity(work, **{**fields, **more})

    def open(self, *sessions: dict[str, Any], **more: Any) -> dict[str, Any]:
        """An activity that takes registrations."""
        activity = self.draft(*sessions, **more)
        self.move("publish", activity["id"])
        return self.move("open", activity["id"])

    def move(self, move: str, activity_id: UUID, *, now: dt.datetime = NOW, **more: Any) -> dict[str, Any]:
        caller = more.pop("caller", LEAGUE)
        with self.work(now=now, caller=caller) as work:
            if move == "report":
                more = {"attendance_stated": None, **more}
            elif move == "cancel":
                more = {"reason": "暴雨", **more}
            return getattr(moves, f"{move}_activity")(work, activity_id=activity_id, **more)  # type: ignore[no-any-return]

    def change(self, activity: dict[str, Any], *, now: dt.datetime = NOW, **changes: Any) -> dict[str, Any]:
        with self.work(now=now) as work:
            known = {"activity_id": activity["id"], "version": activity["version"]}
            return activities.change_activity(work, **known, changes=changes)

    def cancel_session(self, activity: dict[str, Any], number: int = 0, *, now: dt.datetime = NOW) -> dict[str, Any]:
        ids = {"activity_id": activity["id"], "session_id": activity["sessions"][number]["id"]}
        with self.work(now=now) as work:
            return session_moves.cancel_session(work, **ids, reason="停电")

    def reopen_session(self, activity: dict[str, Any], number: int = 0, *, now: dt.datetime = NOW) -> dict[str, Any]:
        ids = {"activity_id": activity["id"], "session_id": activity["sessions"][number]["id"]}
        with self.work(now=now) as work:
            return session_moves.reopen_session(work, **ids)

    def seats(self, activity: dict[str, Any]) -> list[tuple[int, int]]:
        """(seats taken, waiting) of each session."""
        with self.work() as work:
            found = activities.list_sessions(work, activity_id=activity["id"])["items"]
        return [(one["seats_taken"], one["waiting"]) for one in found]

    # -- registrations

    def register(
        self,
        activity: dict[str, Any],
        person_id: UUID,
        *,
        session_id: UUID | None = None,
        now: dt.datetime = NOW,
        caller: Caller = LEAGUE,
    ) -> dict[str, Any]:
        with self.work(now=now, caller=caller) as work:
            return registrations.register(work, activity_id=activity["id"], person_id=person_id, session_id=session_id)

    def cancel(self, registration: dict[str, Any], *, now: dt.datetime = NOW) -> dict[str, Any]:
        with self.work(now=now) as work:
            return waiting_list.cancel_registration(work, registration_id=registration["id"])

    def accept(self, registration: dict[str, Any], *, now: dt.datetime = NOW) -> dict[str, Any]:
        with self.work(now=now) as work:
            return waiting_list.accept_offer(work, registration_id=registration["id"])

    def refuse(self, registration: dict[str, Any], *, now: dt.datetime = NOW) -> dict[str, Any]:
        with self.work(now=now) as work:
            return waiting_list.refuse_offer(work, registration_id=registration["id"])

    def seen(self, registration: dict[str, Any]) -> dict[str, Any]:
        with self.work() as work:
            return registrations.get_registration(work, registration_id=registration["id"])

    def states(self, *found: dict[str, Any]) -> list[str]:
        return [self.seen(one)["state"] for one in found]

    def settle(self, *, now: dt.datetime = NOW) -> None:
        """Let the timers do all they have to do."""
        first = (waiting_list.lapse_offers, waiting_list.fill_seats, changes.announce_changes)
        for step in (*first, voiding.void_registrations, merging.follow_merges):
            more = True
            while more:
                with self.work(now=now, caller=PLATFORM) as work:
                    more = step(work)

    # -- the door

    def ticket(self, registration: dict[str, Any], *, now: dt.datetime = NOW) -> str:
        with self.work(now=now) as work:
            issued = tickets.issue_ticket(work, keys=self.keys, registration_id=registration["id"], holder="张*")
        return str(issued["token"])

    def scan(self, token: str, nonce: str, *, now: dt.datetime = NOW + DAY, **more: Any) -> dict[str, Any]:
        with self.work(now=now, caller=more.pop("caller", DOOR)) as work:
            return self.check_in(work, token, nonce, **more)

    def revoke(self, checkin: dict[str, Any], *, now: dt.datetime = NOW + DAY, **more: Any) -> dict[str, Any]:
        with self.work(now=now, caller=more.pop("caller", LEAGUE)) as work:
            return revoking.revoke_checkin(work, checkin_id=checkin["id"], **{"reason": "误扫", **more})

    def check_in(self, work: Work, token: str, nonce: str, **more: Any) -> dict[str, Any]:
        return checkins.check_in(work, keys=self.keys, scan_times=SCAN_TIMES, token=token, nonce=nonce, **more)

    # -- what the database says

    def count(self, sql: str, **names: Any) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(text(sql), names).scalar_one())

    def rows(self, sql: str, **names: Any) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql), names)]

    def announced(self, what: str) -> int:
        """How often a type of event was announced."""
        return self.count("select count(*) from outbox where type = :type", type=f"events.{what}.v1")

    def events(self, what: str) -> list[dict[str, Any]]:
        """The data of each event of a type, in their order."""
        bodies = self.rows("select body from outbox where type = :type order by id", type=f"events.{what}.v1")
        return [json.loads(body)["data"] for (body,) in bodies]

    def check_books(self) -> None:
        """The counters of every session say what its registrations are, and no seat is given twice."""
        counted = """
            select s.seats_taken, s.waiting, s.capacity, count(r.id) filter (where r.state in ('confirmed', 'offered')),
                count(r.id) filter (where r.state = 'waiting')
            from sessions s left join registrations r on r.session_id = s.id group by s.id
        """
        for seats_taken, waiting, capacity, seated, queued in self.rows(counted):
            assert (seats_taken, waiting) == (seated, queued)
            assert seats_taken <= capacity


@pytest.fixture
def town(migrated_database: Make, tmp_path: Path) -> Iterator[Town]:
    url = migrated_database("events")
    engine = make_engine(url, pool_size=60, name="test")
    write_keys(tmp_path / "keys.json", "k1")
    yield Town(engine, tickets.TicketKeys.from_file(tmp_path / "keys.json", is_dev=True))
    engine.dispose()
