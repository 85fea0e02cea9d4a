"""What the notify tests share: a migrated database, announcements as events, a running talent, an SMTP server."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from chassis.ground.ids import uuid7
from chassis.store.database import make_engine
from chassis.store.work import Caller, open_work
from contracts.catalogue import EVENTS
from contracts.language.envelope import Event
from contracts.language.paging import Paging
from services.notify import messages, preferences, templates
from services.notify.messages import merging
from services.notify.preferences.rules import QuietHours
from tests.notify.deliveries.processes import Processes, Talent
from tests.support.facts import event
from tests.support.servers import Broker, Make
from tests.support.smtp_sink import Sink

#: Ten in the morning in the city.
NOW = dt.datetime(2026, 11, 23, 2, 0, tzinfo=dt.UTC)
#: Eleven at night.
AT_NIGHT = dt.datetime(2026, 11, 23, 15, 0, tzinfo=dt.UTC)
MORNING = dt.datetime(2026, 11, 24, 0, 0, tzinfo=dt.UTC)
CITY_QUIET = QuietHours.parse("22:00", "08:00")
CLERK = Caller(client_id="clerk", department="youth_league", request_id="test", trusted=True)
APP = Caller(client_id="app", department="youth_league", request_id="test", trusted=True, client_type="channel")
GRANTED = "perks.entitlement.granted.v1"
TEMPLATE: dict[str, Any] = {
    "event_type": GRANTED,
    "programme": None,
    "urgency": "normal",
    "channels": ["in_app", "email"],
    "subject": {"zh-CN": "已获得{{ scheme_name }}", "en": "Granted: {{ scheme_name }}"},
    "body": {"zh-CN": "您已获得{{ scheme_name }}。", "en": "You have {{ scheme_name }}."},
    "enabled": True,
}
UNWANTED = {"enabled": False, "channels": None}


def granted(person_id: UUID, *, event_type: str = GRANTED, replay: bool = False, **changes: Any) -> Event:
    data = {
        "entitlement_id": str(uuid7()),
        "version": 1,
        "person_id": str(person_id),
        "scheme_key": "scenic_areas",
        "scheme_version": 1,
        "scheme_name": {"zh-CN": "免首道门票", "en": "Free first gate"},
        "state": "active",
        **changes,
    }
    assert EVENTS[event_type].flaws(data, thoroughly=True) is None
    return Event(uuid7(), event_type, data["entitlement_id"], 1, NOW, data, replay=replay, traceparent=None)


def themselves(person_id: UUID) -> Caller:
    """The youth app, acting for a person."""
    return replace(APP, subject=f"person:{person_id}")


def merge(person_id: UUID, into: UUID | None, version: int) -> Event:
    """A person is merged into another, or (None) the merge is undone."""
    data = {"person_id": str(person_id), "version": version, "merged_into": str(into) if into else None}
    return event(f"talent.person.{'merged' if into else 'unmerged'}.v1", person_id, version, data)


class Office:
    """notify's database with the moves a test makes in it."""

    def __init__(self, engine: Engine, url: str = "") -> None:
        self.engine, self.url = engine, url

    def work(self, *, now: dt.datetime = NOW, caller: Caller = CLERK) -> Any:
        return open_work(self.engine, caller=caller, now=now)

    def hear(
        self,
        *events: Event,
        now: dt.datetime = NOW,
        open_channels: tuple[str, ...] = ("in_app", "email", "log"),
        quiet_hours: QuietHours | None = CITY_QUIET,
    ) -> None:
        with self.work(now=now) as work:
            messages.announce(work, list(events), open_channels=open_channels, quiet_hours=quiet_hours)

    def merge(self, person_id: UUID, into: UUID | None, *, version: int = 2) -> None:
        with self.work() as work:
            merging.people_merged(work, [merge(person_id, into, version)])

    def put_template(self, key: str = "told", version: int | None = None, **changes: Any) -> dict[str, Any]:
        with self.work() as work:
            return templates.put_template(work, key=key, version=version, **{**TEMPLATE, **changes})

    def only_template(self, **changes: Any) -> None:
        """One template in the place of the seeded ones."""
        with self.engine.begin() as connection:
            connection.execute(text("delete from templates"))
        self.put_template(**changes)

    def prefer(
        self, person_id: UUID, version: int | None = None, *, by: UUID | None = None, **changes: Any
    ) -> dict[str, Any]:
        body = {"language": None, "programmes": {}, "quiet_hours": None, **changes}
        with self.work(caller=themselves(by or person_id)) as work:
            return preferences.put_preferences(work, person_id=person_id, version=version, **body)

    def inbox(self, person_id: UUID, *, unread: bool | None = None, by: UUID | None = None) -> list[dict[str, Any]]:
        with self.work(caller=themselves(by or person_id)) as work:
            page = messages.list_messages(work, person_id=person_id, unread=unread, page=Paging(limit=200))
        return list(page["items"])

    def deliveries(self, **wanted: Any) -> list[Any]:
        where = " and ".join(f"{name} = :{name}" for name in wanted) or "true"
        with self.engine.connect() as connection:
            return list(connection.execute(text(f"select * from deliveries where {where} order by id"), wanted))

    def states(self, **wanted: Any) -> list[str]:
        return [row.state for row in self.deliveries(**wanted)]

    def count(self, sql: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(text(sql)).scalar_one())


@pytest.fixture
def office(migrated_database: Make) -> Iterator[Office]:
    url = migrated_database("notify")
    engine = make_engine(url, pool_size=30, name="test")
    yield Office(engine, url)
    engine.dispose()


@pytest.fixture(scope="module")
def talent(
    module_migrated_database: Make, broker: Broker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Talent]:
    vhost = broker.make_vhost()
    url = module_migrated_database("talent")
    processes = Processes(tmp_path_factory.mktemp("talent"), broker.uri(vhost), broker.user, {"talent": url})
    made = Talent(processes)
    yield made
    made.client.close()
    processes.close()
    broker.drop_vhost(vhost)


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink()
    yield made
    made.close()
