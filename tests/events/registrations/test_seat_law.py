"""The law of capacity and waiting list, as a property: whatever people and organisers do, and in whatever order, no more
seats are held than there are, nobody is overtaken, and no seat stays free while somebody waits.

The database is held against a model of a few lines.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.language.refusals import Refusal
from services.events.registrations import waiting_list
from tests.events.conftest import DAY, HOUR, NOW, Town, session
from tests.support.servers import truncate

STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["register", "cancel", "accept", "refuse"]), st.integers(0, 7)),
        st.tuples(st.just("capacity"), st.integers(1, 5)),
        st.tuples(st.just("wait"), st.integers(1, 90)),
        st.tuples(st.sampled_from(["close", "open"]), st.just(0)),
    ),
    max_size=40,
)


class Model:
    """Who has what, by the rules as they are written: a list of seats and a queue."""

    def __init__(self, capacity: int, promotion: str) -> None:
        self.capacity, self.promotion = capacity, promotion
        self.is_open, self.now = True, NOW
        self.confirmed: set[int] = set()
        self.offered: dict[int, dt.datetime] = {}
        self.queue: list[int] = []

    def has(self, person: int) -> str | None:
        if person in self.confirmed:
            return "confirmed"
        if person in self.offered:
            return "offered"
        return "waiting" if person in self.queue else None

    def register(self, person: int) -> bool:
        if not self.is_open or self.has(person):
            return False
        self.queue.append(person)
        if len(self.queue) == 1 and len(self.confirmed) + len(self.offered) < self.capacity:
            self.queue.remove(person)
            self.confirmed.add(person)
        return True

    def cancel(self, person: int) -> bool:
        if not self.has(person):
            return False
        self.confirmed.discard(person)
        self.offered.pop(person, None)
        self.queue = [one for one in self.queue if one != person]
        self._give_on()
        return True

    def accept(self, person: int) -> bool:
        if person not in self.offered:
            return False
        del self.offered[person]
        self.confirmed.add(person)
        return True

    def refuse(self, person: int) -> bool:
        if person not in self.offered:
            return False
        return self.cancel(person)

    def set_capacity(self, capacity: int) -> bool:
        if capacity < len(self.confirmed) + len(self.offered):
            return False
        self.capacity = capacity
        self._give_on()
        return True

    def wait(self, minutes: int) -> None:
        self.now += dt.timedelta(minutes=minutes)
        for person in [one for one, until in self.offered.items() if until <= self.now]:
            del self.offered[person]
        self._give_on()

    def _give_on(self) -> None:
        while self.queue and len(self.confirmed) + len(self.offered) < self.capacity:
            person = self.queue.pop(0)
            if self.promotion == "automatic":
                self.confirmed.add(person)
            else:
                self.offered[person] = self.now + HOUR


class Run:
    """The same steps, done to the service."""

    def __init__(self, town: Town, people: list[UUID], model: Model) -> None:
        self.town, self.people, self.model = town, people, model
        where = session(model.capacity, starts_at=NOW + 30 * DAY)
        self.activity = town.open(where, promotion=model.promotion, offer_hours=1)
        self.latest: dict[int, dict[str, Any]] = {}

    def step(self, what: str, value: int) -> None:
        if what == "register":
            assert self._done(lambda: self._register(value)) == self.model.register(value)
        elif what in ("cancel", "accept", "refuse"):
            move = getattr(self.town, what)
            done = value in self.latest and self._done(lambda: move(self.latest[value], now=self.model.now))
            assert done == getattr(self.model, what)(value)
        elif what == "capacity":
            assert self._done(lambda: self._set_capacity(value)) == self.model.set_capacity(value)
        elif what == "wait":
            self.model.wait(value)
            self.town.settle(now=self.model.now)
        elif self.model.is_open is (what == "close"):
            self.model.is_open = what == "open"
            self.activity = self.town.move(what, self.activity["id"])

    def _register(self, person: int) -> None:
        self.latest[person] = self.town.register(self.activity, self.people[person], now=self.model.now)

    def _set_capacity(self, capacity: int) -> None:
        kept = {**session(capacity, starts_at=NOW + 30 * DAY), "id": self.activity["sessions"][0]["id"]}
        self.activity = self.town.change(self.activity, now=self.model.now, sessions=[kept])

    @staticmethod
    def _done(move: Callable[[], Any]) -> bool:
        try:
            move()
        except Refusal:
            return False
        return True

    def compare(self) -> None:
        live = self.town.rows(
            "select person_id, state, number from registrations where activity_id = :activity"
            " and state in ('confirmed', 'offered', 'waiting') order by number",
            activity=self.activity["id"],
        )
        found = {self.people.index(person): state for person, state, _ in live}
        assert found == {one: state for one in range(len(self.people)) if (state := self.model.has(one))}
        assert [self.people.index(person) for person, state, _ in live if state == "waiting"] == self.model.queue
        self.town.check_books()


@pytest.mark.timeout(600)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(capacity=st.integers(1, 4), promotion=st.sampled_from(["automatic", "offer"]), steps=STEPS)
def test_seats_and_queue_are_as_the_model_says(town: Town, capacity: int, promotion: str, steps: list[Any]) -> None:
    truncate(town.engine, "registrations, sessions, activities cascade")
    assert waiting_list.CHUNK > 8, "else the model would have to know of the timer that gives on the rest"
    run = Run(town, town.people(8), Model(capacity, promotion))
    for what, value in steps:
        run.step(what, value)
        run.compare()
    assert len(run.model.confirmed) + len(run.model.offered) <= run.model.capacity
