"""Benchmark row ``deliveries_vs_celery``: announcements become in-app and e-mail deliveries, against Celery on the same
broker doing the same sends to the same sink.

Two processes of notify, one hearing and one sending, and a talent to ask, against a Celery worker of two processes with the
contacts in its own database. Both start from a full queue: they are stopped (SIGSTOP) while it is filled. The note says how
long a fact takes from its commit in perks to the person's inbox at half that rate.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import create_engine, make_url, text

from bench.announcements import Lag
from bench.processes import wait_until
from bench.rounds import Row, compare
from bench.rpc import _has_consumer
from bench.smtp_sink import SmtpSink
from chassis.broker.publisher import ConfirmedPublisher, Outgoing
from chassis.ground.ids import uuid7
from chassis.ground.settings import service_settings
from chassis.store import migrations
from chassis.store.work import Caller, open_work
from contracts.language import envelope
from contracts.language.envelope import Event
from deploy.local.throwaway import ThrowawayPlatform, eventually
from examples.rosters import id_number
from services.talent import people
from services.talent.people import keys as people_keys

#: Each an in-app and an e-mail delivery.
MESSAGES = 10_000
PEOPLE = 500
GRANTED = "perks.entitlement.granted.v1"
NOTIFY = ("notify-events", "notify-timers")
EDUCATION = Caller(client_id="bench", department="education", request_id="bench", trusted=True)


def rows(platform: ThrowawayPlatform, make_database: Callable[[str], str]) -> list[Row]:
    """The row."""
    sink = SmtpSink()
    smtp = {"NOTIFY_SMTP_URL": sink.url, "NOTIFY_SMTP_FROM": "city@jinzhong.test", "NOTIFY_QUIET_HOURS": ""}
    celery = _celery_database(make_database("celery"))
    contacts = _people(platform, celery)
    platform.start_service("talent", "talent", "rpc")
    platform.start_service("notify", "notify-events", "rpc", "events", **smtp)
    platform.start_service("notify", "notify-timers", "relay", "timers", **smtp)
    for name in ("talent", *NOTIFY):
        platform.wait_for(name)
    environment = {**platform.environment, **smtp, "CELERY_DATABASE_URL": celery}
    with _celery_worker(environment) as worker:
        wait_until(lambda: _has_consumer(environment["AMQP_URI"], "celery"), seconds=30, what="Celery did not start")
        made = compare(
            "deliveries_vs_celery",
            candidate=lambda: _notify_rate(platform, sink, contacts),
            baseline=lambda: _celery_rate(worker, celery, sink, contacts),
            unit="deliveries/s",
            floor=2.0,
        )
    note = Lag(platform).note(per_second=made.value / 4)  # half the rate; two deliveries each
    sink.close()
    return [Row(**{**made.__dict__, "note": note})]


def _announcements(contacts: list[uuid.UUID]) -> list[Event]:
    def data(number: int) -> dict[str, Any]:
        return {
            "entitlement_id": str(uuid7()),
            "version": 1,
            "person_id": str(contacts[number % len(contacts)]),
            "scheme_key": "scenic_areas",
            "scheme_version": 1,
            "scheme_name": {"zh-CN": "免首道门票", "en": "Free first gate"},
            "state": "active",
        }

    at = dt.datetime.now(dt.UTC)
    return [Event(uuid7(), GRANTED, "bench", 1, at, data(n), False, None) for n in range(MESSAGES)]


# -- notify


def _notify_rate(platform: ThrowawayPlatform, sink: SmtpSink, contacts: list[uuid.UUID]) -> float:
    events = _announcements(contacts)
    publisher = ConfirmedPublisher(platform.environment["AMQP_URI"], name="bench")
    processes = [platform.processes[name][0] for name in NOTIFY]
    sink.taken = 0
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    for start in range(0, MESSAGES, 500):
        publisher.publish([_outgoing(event) for event in events[start : start + 500]])
    publisher.close()
    started = time.monotonic()
    for process in processes:
        process.send_signal(signal.SIGCONT)
    return _until_done(started, platform.databases["notify"], sink)


def _outgoing(event: Event) -> Outgoing:
    body = envelope.compose(event)
    return Outgoing(body=body, exchange="perks.events", routing_key=event.type, message_id=str(event.id))


def _until_done(started: float, database_url: str, sink: SmtpSink) -> float:
    """Deliveries per second once the sink has every mail and the database every delivery; the tables are emptied."""
    engine = create_engine(make_url(database_url).set(drivername="postgresql+psycopg2"))
    done = text("""select count(*) from deliveries where state = 'delivered'""")

    def all_done() -> bool:
        if sink.taken < MESSAGES:
            return False
        with engine.connect() as connection:
            return int(connection.execute(done).scalar_one()) == 2 * MESSAGES

    eventually(all_done, seconds=240, what="every delivery")
    elapsed = time.monotonic() - started
    assert sink.taken == MESSAGES
    with engine.begin() as connection:
        connection.execute(text("""truncate deliveries, messages"""))
    engine.dispose()
    return 2 * MESSAGES / elapsed


def _people(platform: ThrowawayPlatform, celery_url: str) -> list[uuid.UUID]:
    """People who can be reached, in talent and in Celery's own table."""
    os.environ.update(
        {name: platform.environment[name] for name in ("TALENT_DATABASE_URL", "KEY_DIR", "YOUTHCITY_ENV", "AMQP_URI")}
    )
    keys = people_keys.load(service_settings("talent"))
    engine = create_engine(make_url(platform.databases["talent"]).set(drivername="postgresql+psycopg2"))
    known = []
    with open_work(engine, caller=EDUCATION) as work:
        people_keys.prove(work, keys)
        for number in range(PEOPLE):
            born = dt.date(2001, 1, 1) + dt.timedelta(days=number)
            address = f"bench{number}@example.com"
            document = {"id_type": "resident_id", "id_number": id_number(born, number)}
            made = people.register_person(work, keys=keys, name="测试人", email=address, **document)
            known.append({"person_id": made["id"], "name": "测试人", "email": address})
    engine.dispose()
    engine = create_engine(make_url(celery_url).set(drivername="postgresql+psycopg2"))
    with engine.begin() as connection:
        connection.execute(text("""create table contacts (person_id uuid primary key, name text, email text)"""))
        connection.execute(text("""insert into contacts values (:person_id, :name, :email)"""), known)
    engine.dispose()
    return [one["person_id"] for one in known]


# -- Celery


def _celery_database(url: str) -> str:
    migrations.upgrade(url, "notify")
    return url


@contextlib.contextmanager
def _celery_worker(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    command = [
        sys.executable, "-m", "celery", "-A", "bench.celery_deliveries", "worker", "--concurrency", "2", "--pool", "prefork",
        "--without-gossip", "--without-mingle", "--loglevel", "ERROR",
    ]  # fmt: skip
    process = subprocess.Popen(command, env=environment, start_new_session=True, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def _celery_rate(
    worker: subprocess.Popen[bytes], database_url: str, sink: SmtpSink, contacts: list[uuid.UUID]
) -> float:
    from bench.celery_deliveries import app, deliver

    events = _announcements(contacts)
    sink.taken = 0
    os.killpg(worker.pid, signal.SIGSTOP)
    with app.producer_or_acquire() as producer:
        for event in events:
            deliver.apply_async((str(event.id), event.data), producer=producer)
    started = time.monotonic()
    os.killpg(worker.pid, signal.SIGCONT)
    return _until_done(started, database_url, sink)
