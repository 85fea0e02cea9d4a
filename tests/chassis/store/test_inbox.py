"""The inbox on a real database: a message applied once stays applied once, however its deliveries overlap."""

from __future__ import annotations

import datetime as dt
import random
import uuid

import pytest
from sqlalchemy import Engine, text

from chassis.store import inbox
from chassis.store.work import open_work
from tests.chassis.conftest import at_once, statements_of

CONSUMER = "perks.on_affiliation_changed"


def claim(engine: Engine, ids: list[uuid.UUID], consumer: str = CONSUMER) -> set[uuid.UUID]:
    with open_work(engine) as work:
        return inbox.claim(work.session, consumer, ids)


class TestClaim:
    def test_returns_what_is_new_and_nothing_twice(self, engine: Engine) -> None:
        first, second, third = (uuid.uuid4() for _ in range(3))
        assert claim(engine, [first, second, first]) == {first, second}
        assert claim(engine, [second, third]) == {third}
        assert claim(engine, [first, second, third]) == set()

    def test_keeps_handlers_apart(self, engine: Engine) -> None:
        message = uuid.uuid4()
        assert claim(engine, [message]) == claim(engine, [message], "perks.on_another") == {message}

    def test_of_no_messages_asks_nothing(self, engine: Engine) -> None:
        with statements_of(engine) as sent:
            assert claim(engine, []) == set()
        assert sent == []

    def test_is_one_statement_for_a_whole_batch(self, engine: Engine) -> None:
        with statements_of(engine) as sent:
            claim(engine, [uuid.uuid4() for _ in range(500)])
        assert len(sent) == 1

    def test_is_undone_with_the_work_that_failed(self, engine: Engine) -> None:
        message = uuid.uuid4()
        with pytest.raises(RuntimeError), open_work(engine) as work:
            inbox.claim(work.session, CONSUMER, [message])
            raise RuntimeError
        assert claim(engine, [message]) == {message}

    def test_overlapping_batches_apply_each_message_once_and_never_deadlock(self, engine: Engine) -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql("create table effects (message_id uuid not null)")
        messages = [uuid.uuid4() for _ in range(400)]

        def deliver(number: int) -> None:
            order = random.Random(number)
            for _ in range(5):
                with open_work(engine) as work:
                    for message in inbox.claim(work.session, CONSUMER, order.sample(messages, 200)):
                        work.session.execute(text("insert into effects values (:id)"), {"id": message})

        assert at_once(8, deliver) == [None] * 8
        with engine.connect() as connection:
            effects = connection.execute(text("select count(*), count(distinct message_id) from effects")).one()
            noted = connection.execute(text("select count(*) from inbox")).scalar_one()
        assert effects[0] == effects[1] == noted

    def test_waits_for_a_delivery_under_way_and_takes_over_when_it_fails(self, engine: Engine) -> None:
        message = uuid.uuid4()

        def deliver(number: int) -> bool:
            with open_work(engine) as work:
                new = bool(inbox.claim(work.session, CONSUMER, [message]))
                if number == 0 and new:
                    raise RuntimeError("the first delivery fails")
                return new

        outcomes = at_once(2, deliver)
        assert outcomes.count(True) == 1, outcomes


class TestPurge:
    def test_forgets_only_what_is_older(self, engine: Engine) -> None:
        old, young = uuid.uuid4(), uuid.uuid4()
        claim(engine, [old, young])
        with open_work(engine) as work:
            work.session.execute(
                text("update inbox set received_at = now() - interval '31 days' where message_id = :id"), {"id": old}
            )
            assert inbox.purge(work.session, work.now - inbox.KEPT) == 1
            assert inbox.purge(work.session, work.now - dt.timedelta(days=365)) == 0
        assert claim(engine, [old, young]) == {old}
