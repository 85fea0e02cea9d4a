"""Idempotency on a real database: one key, one effect, one answer, whoever else tries at the same moment."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import threading
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import Engine, text

from chassis.store import idempotency
from chassis.store.idempotency import IdempotencyKeyMissing, IdempotencyKeyReused, RequestInProgress
from chassis.store.work import Caller, open_reading, open_work
from contracts.language.refusals import Refusal
from tests.chassis.conftest import at_once, statements_of

NOW = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)


class TooLate(Refusal):
    kind = "gone"
    code = "test.too_late"
    zh = "已过期。"
    en = "Too late."


class Till:
    """Takes payments; each effect is a row."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        with engine.begin() as connection:
            connection.exec_driver_sql("create table payments (amount integer not null)")

    def pay(
        self,
        amount: int,
        *,
        key: str | None = "k1",
        client: str = "gate",
        method: str = "pay",
        now: dt.datetime = NOW,
        keys: tuple[bytes, ...] = (b"secret",),
        refuse: bool = False,
    ) -> tuple[Any, bool]:
        """The reply, and whether it was a stored one."""
        with open_work(self.engine, caller=Caller(client, "d", "r", key, True), now=now) as work:
            work.fingerprint_keys = keys

            def effect() -> Any:
                if refuse:
                    raise TooLate()
                work.session.execute(text("insert into payments values (:amount)"), {"amount": amount})
                return {"paid": amount, "to": "青年之城", "share": 0.5, "rest": None}

            reply = idempotency.run(work, method, {"amount": amount, "id_number": "140702199901011234"}, effect)
        return reply, work.replayed

    def count(self, table: str = "payments") -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(text(f"select count(*) from {table}")).scalar_one())


@pytest.fixture
def till(engine: Engine) -> Till:
    return Till(engine)


class TestRun:
    def test_gives_the_second_request_the_first_one_s_reply(self, till: Till) -> None:
        first, replayed = till.pay(5)
        assert (first["paid"], replayed) == (5, False)
        assert till.pay(5) == (first, True)
        assert till.count() == 1

    def test_costs_a_claim_before_the_effect_and_an_update_after_it(self, till: Till) -> None:
        with statements_of(till.engine) as sent:
            till.pay(5)
        assert [statement.split()[0] for statement in sent] == ["with", "insert", "update"]

    def test_refuses_the_key_for_another_request(self, till: Till) -> None:
        till.pay(5)
        with pytest.raises(IdempotencyKeyReused) as refused:
            till.pay(6)
        assert refused.value.kind == "unprocessable"
        with pytest.raises(IdempotencyKeyReused):
            till.pay(5, method="refund")
        assert till.count() == 1

    def test_keeps_the_keys_of_clients_apart(self, till: Till) -> None:
        till.pay(5)
        reply, replayed = till.pay(6, client="another gate")
        assert (reply["paid"], replayed) == (6, False)

    def test_stores_no_refusal_and_asks_again(self, till: Till) -> None:
        with pytest.raises(TooLate):
            till.pay(5, refuse=True)
        assert till.count("idempotency_keys") == 0
        assert till.pay(5)[1] is False

    def test_refuses_a_write_without_a_key(self, till: Till) -> None:
        with pytest.raises(IdempotencyKeyMissing):
            till.pay(5, key=None)
        assert till.count() == 0


class TestAtTheSameMoment:
    def test_twenty_requests_under_one_key_have_one_effect(self, till: Till) -> None:
        for turn in range(10):
            answers = at_once(20, lambda number, turn=turn: till.pay(5, key=f"turn {turn}"))  # type: ignore[misc]
            unforeseen = [one for one in answers if not isinstance(one, (tuple, RequestInProgress))]
            assert unforeseen == []
            done = Counter(one[1] for one in answers if isinstance(one, tuple))
            assert done[False] == 1, "exactly one did it, the others got its reply or were refused as in progress"
        assert till.count() == 10

    def test_a_twin_is_refused_as_in_progress_while_the_first_runs(self, till: Till) -> None:
        inside, go_on = threading.Event(), threading.Event()

        def slow() -> None:
            with open_work(till.engine, caller=Caller("gate", "d", "r", "k1", True)) as work:

                def effect() -> dict[str, int]:
                    inside.set()
                    assert go_on.wait(20)
                    return {"paid": 5}

                idempotency.run(work, "pay", {"amount": 5}, effect)

        first = threading.Thread(target=slow)
        first.start()
        assert inside.wait(20)
        with pytest.raises(RequestInProgress) as refused:
            till.pay(5)
        assert (refused.value.kind, refused.value.retry_after) == ("conflict", 1)
        till.pay(6, key="k2")  # another key is not held up
        go_on.set()
        first.join(20)

    def test_a_twin_may_do_it_after_the_first_has_failed(self, till: Till) -> None:
        answers = at_once(8, lambda number: till.pay(5, refuse=number % 2 == 0))
        done = [one for one in answers if isinstance(one, tuple) and not one[1]]
        assert len(done) <= 1
        assert till.count() == len(done)
        till.pay(5)
        assert till.count() == 1


class TestFingerprint:
    def test_cannot_be_guessed_back_without_the_key(self, till: Till) -> None:
        till.pay(5)
        with open_reading(till.engine) as work:
            stored = bytes(work.session.scalar(text("select fingerprint from idempotency_keys")))
        canonical = json.dumps(
            ["pay", {"amount": 5, "id_number": "140702199901011234"}], sort_keys=True, separators=(",", ":")
        ).encode()
        assert stored == hmac.digest(b"secret", canonical, "sha256")
        assert stored not in (hashlib.sha256(canonical).digest(), hmac.digest(b"", canonical, "sha256"))

    def test_is_the_same_request_across_a_key_rotation(self, till: Till) -> None:
        till.pay(5, keys=(b"old",))
        assert till.pay(5, keys=(b"new", b"old"))[1] is True
        with pytest.raises(IdempotencyKeyReused):
            till.pay(6, keys=(b"new", b"old"))

    def test_does_not_depend_on_the_order_of_the_fields(self, till: Till) -> None:
        keys = (b"k",)
        one = idempotency._fingerprints(keys, "pay", {"a": 1, "b": {"c": 2, "d": 3}})
        assert one == idempotency._fingerprints(keys, "pay", {"b": {"d": 3, "c": 2}, "a": 1})

    def test_does_not_depend_on_the_version_the_caller_had_read(self, till: Till) -> None:
        keys = (b"k",)
        one = idempotency._fingerprints(keys, "change", {"version": 1, "changes": {"version": 1}})
        assert one == idempotency._fingerprints(keys, "change", {"version": 2, "changes": {"version": 1}})
        assert one != idempotency._fingerprints(keys, "change", {"version": 1, "changes": {"version": 2}})


class TestPurge:
    def test_forgets_keys_after_48_hours_and_not_before(self, till: Till) -> None:
        till.pay(1, key="old", now=NOW - idempotency.KEPT - dt.timedelta(seconds=1))
        till.pay(2, key="young", now=NOW - idempotency.KEPT + dt.timedelta(seconds=1))
        with open_work(till.engine, now=NOW) as work:
            assert idempotency.purge(work.session, NOW) == 1
        assert till.pay(2, key="young")[1] is True
        assert till.pay(1, key="old")[1] is False

    def test_forgets_a_given_number_at_a_time(self, till: Till) -> None:
        for number in range(7):
            till.pay(1, key=f"k{number}", now=NOW - dt.timedelta(days=3))
        taken = []
        for _ in range(4):
            with open_work(till.engine) as work:
                taken.append(idempotency.purge(work.session, NOW, at_most=3))
        assert taken == [3, 3, 1, 0]
