"""How long a fact takes from its commit in perks to the person's inbox in notify, at a given rate of facts."""

from __future__ import annotations

import statistics
import time
import uuid
from typing import Any

from sqlalchemy import create_engine, make_url, text

from chassis.broker.publisher import ConfirmedPublisher, Outgoing
from chassis.ground import clock
from chassis.ground.ids import uuid7
from contracts.language import envelope
from contracts.language.envelope import Event
from deploy.local.throwaway import ThrowawayPlatform

SECONDS = 10
TICK = 0.05
UNIVERSITY = "00000000-0000-7000-8000-0000000000bb"
CONFIRMED = "talent.affiliation.confirmed.v1"

_SCHEME = f"""
insert into organisations values ('{UNIVERSITY}', 1, 'university', 'active');
insert into organisation_sets values ('universities', 1);
insert into set_members values ('universities', '{UNIVERSITY}', '2023-01-01');
insert into schemes values ('scenic_areas', 1, true, '{{"zh-CN": "免首道门票", "en": "Free first gate"}}', 'P35', '2023-01-01',
    null, 'first_gate', '[]', 1, 'place', 'shanghai_day', true, now(), 'bench', 'bench');
"""


class Lag:
    """perks grants as affiliations arrive; notify writes messages."""

    def __init__(self, platform: ThrowawayPlatform) -> None:
        self.platform = platform
        perks, notify = (
            make_url(platform.databases[name]).set(drivername="postgresql+psycopg2") for name in ("perks", "notify")
        )
        self.perks, self.notify = create_engine(perks), create_engine(notify)

    def note(self, *, per_second: float) -> str:
        """ "commit → inbox p50 … ms, p99 … ms at … facts/s"."""
        with self.perks.begin() as connection:
            connection.exec_driver_sql(_SCHEME)
        self.platform.start_service("perks", "perks")
        self.platform.wait_for("perks")
        lags = self._lags(per_second)
        cuts = statistics.quantiles(lags, n=100)
        return f"commit → inbox p50 {cuts[49] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms at {per_second:.0f} facts/s"

    def _lags(self, per_second: float) -> list[float]:
        publisher = ConfirmedPublisher(self.platform.environment["AMQP_URI"], name="bench.facts")
        per_tick = max(1, round(per_second * TICK))
        wanted = per_tick * int(SECONDS / TICK)
        seen: dict[uuid.UUID, float] = {}
        sent, started = 0, time.monotonic()
        while len(seen) < wanted and time.monotonic() - started < SECONDS * 6:
            if sent < wanted and time.monotonic() - started >= sent / per_tick * TICK:
                publisher.publish([_affiliation() for _ in range(per_tick)])
                sent += per_tick
            self._look(seen)
            time.sleep(0.005)
        assert len(seen) == wanted, f"{len(seen)} of {wanted} people were notified"
        with self.perks.connect() as connection:
            facts = connection.execute(
                text("""select id, extract(epoch from created_at) from outbox where type like '%granted%'""")
            )
            committed = {row[0]: float(row[1]) for row in facts}
        return [at - committed[event_id] for event_id, at in seen.items()]

    def _look(self, seen: dict[uuid.UUID, float]) -> None:
        """Note when each message was first there to be read."""
        with self.notify.connect() as connection:
            statement = text("""select event_id from messages order by created_at desc, id desc limit 1000""")
            found = connection.execute(statement).scalars().all()
        now = clock.now().timestamp()
        for event_id in found:
            seen.setdefault(event_id, now)


def _affiliation() -> Outgoing:
    affiliation_id = uuid7()
    data: dict[str, Any] = {
        "affiliation_id": str(affiliation_id),
        "version": 1,
        "person_id": str(uuid7()),
        "organisation_id": UNIVERSITY,
        "role": "student",
        "state": "confirmed",
        "from_on": "2024-09-01",
        "until_on": None,
    }
    event = Event(uuid7(), CONFIRMED, str(affiliation_id), 1, clock.now(), data, False, None)
    return Outgoing(
        body=envelope.compose(event), exchange="talent.events", routing_key=CONFIRMED, message_id=str(event.id)
    )
