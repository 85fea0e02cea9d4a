"""A rush on the seats of a fair over HTTP, on two processes of each service, one of events killed in the middle of it."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, text

from chassis.ground.ids import uuid7
from chassis.store.database import make_engine
from deploy.local.throwaway import ThrowawayPlatform, eventually
from examples.client import ApiError, Client
from tests.support.towns import Town
from tests.support.towns import town as town

Answer = dict[str, Any]
CLIENTS = 40
IN_PROGRESS = ("chassis.request_in_progress", "not_yet_known")


class Rush:
    """A fair with few seats and many people who are known to events."""

    def __init__(self, town: Town, engine: Engine, *, capacity: int, people: int, **chosen: Any) -> None:
        self.town, self.engine, self.capacity = town, engine, capacity
        self.people = [str(uuid7()) for _ in range(people)]
        with engine.begin() as connection:
            rows = [{"id": one} for one in self.people]
            connection.execute(text("insert into people values (:id, 1)"), rows)
        organiser = town.organisation("university")
        body = {
            "kind_key": "job_fair",
            "title": {"zh-CN": "招聘会", "en": "Job fair"},
            "organiser_id": organiser["id"],
            "sessions": [
                {
                    "starts_at": "2099-06-16T09:00:00+08:00",
                    "ends_at": "2099-06-16T17:00:00+08:00",
                    "capacity": capacity,
                }
            ],
            **chosen,
        }
        self.activity = insisting(town.client, "/v1/activities", body)
        self.path = f"/v1/activities/{self.activity['id']}"
        for move in ("publish", "open"):
            town.client.post(f"{self.path}/{move}", {})

    def register(self, number: int) -> tuple[float, float, Answer]:
        """When the request was sent, when it was answered, and the answer."""
        sent_at = time.monotonic()
        person = self.people[number]
        answer = insisting(self.town.app.for_person(person), f"{self.path}/registrations", {"person_id": person})
        return sent_at, time.monotonic(), answer

    def seats(self) -> tuple[int, int]:
        (found,) = self.town.client.get(f"{self.path}/sessions")["items"]
        return found["seats_taken"], found["waiting"]

    def rows(self, sql: str) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(text(sql), {"activity": self.activity["id"]}))

    def announced(self) -> Counter[str]:
        """How often each type of event was announced of the registrations."""
        query = (
            "select split_part(o.type, '.', 3) from outbox o join registrations r on o.subject_id = cast(r.id as text)"
            " where r.activity_id = :activity"
        )
        return Counter(row[0] for row in self.rows(query))

    def queue(self) -> list[str]:
        query = "select id from registrations where activity_id = :activity and state = 'waiting' order by number"
        return [str(row[0]) for row in self.rows(query)]


def insisting(client: Client, path: str, body: Any) -> Answer:
    """As a good client does: the same key again until there is an answer."""
    key, deadline = str(uuid.uuid4()), time.monotonic() + 90
    while True:
        try:
            return dict(client.post(path, body, key=key))
        except ApiError as error:
            is_over = time.monotonic() > deadline
            if is_over or not (error.status >= 500 or error.problem.get("code") in IN_PROGRESS):
                raise
            threading.Event().wait(0.2)


def all_at_once(call: Callable[[int], Any], count: int) -> list[Any]:
    """`count` calls, as many as CLIENTS under way at a time."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(call, range(count)))


@pytest.fixture
def engine(platform: ThrowawayPlatform) -> Iterator[Engine]:
    made = make_engine(platform.databases["events"], pool_size=2, name="test")
    yield made
    made.dispose()


class Killer:
    """Ends one of the two processes of events with kill -9 once `after` events have been announced, and starts another."""

    def __init__(self, rush: Rush, *, after: int) -> None:
        self.rush, self.after = rush, after
        self.thread = threading.Thread(target=self._run)
        self.announced = 0

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *error: object) -> None:
        self.thread.join()
        restart(self.rush.town.platform)

    def _run(self) -> None:
        eventually(lambda: self.rush.announced().total() >= self.after, what="half of the rush", seconds=60)
        kill(self.rush.town.platform)
        self.announced = self.rush.announced().total()


def kill(platform: ThrowawayPlatform) -> None:
    process, _ = platform.processes["events-0"]
    process.kill()
    process.wait()


def restart(platform: ThrowawayPlatform) -> None:
    platform.start_service("events", "events-0")
    platform.wait_for("events-0")


def test_two_hundred_for_twenty_seats_with_a_process_killed_half_way(town: Town, engine: Engine) -> None:
    rush = Rush(town, engine, capacity=20, people=200)
    killer = Killer(rush, after=60)
    with killer:
        found = all_at_once(rush.register, 200)
    assert 60 <= killer.announced < 200, "not killed in the middle of it"
    assert Counter(answer["state"] for _, _, answer in found) == {"confirmed": 20, "waiting": 180}
    assert rush.seats() == (20, 180)
    assert sorted(answer["position"] for _, _, answer in found if answer["position"]) == list(range(1, 181))
    in_order = sorted(found, key=lambda one: one[2]["number"])
    assert [answer["id"] for _, _, answer in in_order[20:]] == rush.queue()
    latest_sent = 0.0
    for sent_at, answered_at, _ in in_order:
        # whoever was answered before another's request was sent is ahead of it
        assert answered_at > latest_sent, "passed by"
        latest_sent = max(latest_sent, sent_at)
    assert rush.announced() == {"confirmed": 20, "waitlisted": 180}


def test_a_hundred_for_one_seat(town: Town, engine: Engine) -> None:
    rush = Rush(town, engine, capacity=1, people=100)
    found = all_at_once(rush.register, 100)
    assert Counter(answer["state"] for _, _, answer in found) == {"confirmed": 1, "waiting": 99}
    assert rush.seats() == (1, 99)


def test_cancelling_and_moving_up_at_once_with_a_process_killed_half_way(town: Town, engine: Engine) -> None:
    """Everybody seated leaves while newcomers come: the seats go to the first of the queue, in their order."""
    rush = Rush(town, engine, capacity=40, people=140)
    seated = [rush.register(number)[2] for number in range(40)]
    queue = [rush.register(number)[2] for number in range(40, 100)]
    assert {one["state"] for one in seated} == {"confirmed"}

    def act(number: int) -> Answer:
        if number % 2:
            return rush.register(100 + number // 2)[2]
        return insisting(town.client, f"/v1/registrations/{seated[number // 2]['id']}/cancel", None)

    killer = Killer(rush, after=140)
    with killer:
        answers = all_at_once(act, 80)
    assert 140 <= killer.announced < 220, "not killed in the middle of it"
    assert {one["state"] for one in answers[::2]} == {"cancelled"}
    assert {one["state"] for one in answers[1::2]} == {"waiting"}
    known = rush.rows("select id, state from registrations where activity_id = :activity")
    states = {str(one): state for one, state in known}
    assert [states[one["id"]] for one in queue] == ["confirmed"] * 40 + ["waiting"] * 20
    assert rush.seats() == (40, 60)
    assert rush.announced() == {"confirmed": 40, "waitlisted": 100, "cancelled": 40, "promoted": 40}


def filled(town: Town, engine: Engine) -> Rush:
    """An activity of fifty seats for which 450 people are registered."""
    rush = Rush(town, engine, capacity=50, people=450)
    with engine.begin() as connection:
        (session,) = rush.activity["sessions"]
        connection.execute(
            text(
                "insert into registrations (id, activity_id, session_id, person_id, state, number, client_id, department,"
                " version, created_at) select gen_random_uuid(), :activity, :session, person, case when n <= 50 then"
                " 'confirmed' else 'waiting' end, n, 'test', 'test', 1, now()"
                " from unnest(cast(:people as uuid[])) with ordinality as t (person, n)"
            ),
            {"activity": rush.activity["id"], "session": session["id"], "people": rush.people},
        )
        counted = "update sessions set seats_taken = 50, waiting = 400, last_number = 450 where id = :session"
        connection.execute(text(counted), {"session": session["id"]})
    return rush


def test_calling_off_with_a_process_killed_voids_and_tells_everybody_once(town: Town, engine: Engine) -> None:
    rush = filled(town, engine)
    town.client.post(f"{rush.path}/cancel", {"reason": "暴雨"})
    eventually(lambda: sum(rush.seats()) < 450, what="the first chunk")
    kill(town.platform)
    eventually(lambda: rush.seats() == (0, 0), what="the last chunk", seconds=60)
    restart(town.platform)
    assert rush.announced() == {"voided": 450}


def test_a_change_with_a_process_killed_reaches_everybody_once(town: Town, engine: Engine) -> None:
    rush = filled(town, engine)
    (session,) = rush.activity["sessions"]
    version = town.client.get(rush.path)["version"]
    town.client.patch(rush.path, {"sessions": [{**session, "place": "图书馆"}]}, if_match=f'"v{version}"')
    eventually(lambda: rush.announced()["amended"], what="the first chunk")
    kill(town.platform)
    eventually(lambda: rush.announced()["amended"] >= 450, what="the last chunk", seconds=60)
    restart(town.platform)
    assert rush.announced() == {"amended": 450}
