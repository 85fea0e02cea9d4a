"""A scan is answered once: admitted within the limit, refused with a reason, the same for the same nonce."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event as events_of

from chassis import idempotency
from chassis.ids import uuid7
from chassis.work import Caller
from services.perks import passes, redemptions
from tests.perks.conftest import NOW, City, write_keys


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
        self.city.hear(
            self.city.affiliation(
                self.person,
                self.university,
                affiliation_id=self.affiliation,
                version=2,
                state="ended",
                until_on=until_on,
            )
        )


class TestRedeemPass:
    def test_admits_once_a_day_and_place(self, city: City) -> None:
        story = Story(city)
        first = city.scan(story.token, story.area, "n1")
        assert (first["outcome"], first["holder"], first["window"]) == ("admitted", "张*", "2026-11-23")
        second = city.scan(story.token, story.area, "n2")
        assert (second["outcome"], second["code"]) == ("refused", "perks.limit_reached")
        assert second["reason"]["zh-CN"]
        tomorrow = city.scan(story.token, story.area, "n3", now=NOW + dt.timedelta(days=1))
        assert tomorrow["outcome"] == "admitted"

    def test_gives_the_same_answer_for_the_same_nonce_refusals_included(self, city: City) -> None:
        story = Story(city)
        for nonce, outcome in (("n1", "admitted"), ("n2", "refused")):
            first = city.scan(story.token, story.area, nonce)
            again = city.scan(story.token, story.area, nonce)
            assert first["outcome"] == outcome
            assert (again["id"], again["outcome"], again["replayed"]) == (first["id"], outcome, True)
        assert city.count("select count(*) from redemptions") == 2

    def test_refuses_a_nonce_used_for_another_pass(self, city: City) -> None:
        story = Story(city)
        city.scan(story.token, story.area, "n1")
        another = city.pass_of(story.person)
        with city.work(now=NOW) as work:
            later = passes.issue_pass(
                work,
                keys=city.keys,
                valid=dt.timedelta(days=31),
                entitlement_id=passes.UUID(str(_entitlement(city))),
                holder="张*",
            )["token"]
        assert later != another
        with pytest.raises(redemptions.NonceReused):
            city.scan(later, story.area, "n1")

    def test_refuses_a_place_that_does_not_serve(self, city: City) -> None:
        story = Story(city)
        assert city.scan(story.token, story.other, "n1")["code"] == "perks.place_not_served"

    def test_refuses_after_the_facts_end_even_before_any_timer(self, city: City) -> None:
        story = Story(city)
        story.end("2026-11-23")
        assert city.scan(story.token, story.area, "n1")["code"] == "perks.entitlement_suspended"
        other = Story.__new__(Story)
        person, university = uuid7(), story.university
        other.city, other.person = city, person
        city.hear(city.affiliation(person, university, until_on="2026-11-25"))
        token = city.pass_of(person)
        late = NOW + dt.timedelta(days=3)
        assert city.scan(token, story.area, "n2", now=late)["code"] == "perks.not_eligible_now"

    def test_takes_the_day_of_an_offline_scan(self, city: City) -> None:
        story = Story(city)
        late = dt.datetime(2026, 11, 22, 16, 30, tzinfo=dt.UTC)  # 00:30 on the 23rd in Shanghai
        assert city.scan(story.token, story.area, "n1", at=late)["window"] == "2026-11-23"
        with pytest.raises(redemptions.ScanTimeImplausible):
            city.scan(story.token, story.area, "n2", at=NOW + dt.timedelta(hours=1))
        with pytest.raises(redemptions.ScanTimeImplausible):
            city.scan(story.token, story.area, "n3", at=NOW - dt.timedelta(days=8))

    def test_leaves_no_fact_of_what_is_no_scan(self, city: City) -> None:
        story = Story(city)
        with pytest.raises(redemptions.PlaceNotKnown):
            city.scan(story.token, uuid7(), "n1")
        with pytest.raises(passes.PassUnreadable):
            city.scan(story.token[:-4] + "AAAA", story.area, "n2")
        with pytest.raises(passes.PassExpired):
            city.scan(story.token, story.area, "n3", now=NOW + dt.timedelta(days=40))
        assert city.count("select count(*) from redemptions") == 0

    def test_admits_as_often_as_the_limit_says(self, city: City) -> None:
        limit = {"count": 3, "per": "scheme", "window": "none", "assumption": False}
        story = Story(city, limit=limit)
        outcomes = [city.scan(story.token, story.area, f"n{number}")["outcome"] for number in range(5)]
        assert outcomes == ["admitted"] * 3 + ["refused"] * 2


class TestRaces:
    @pytest.mark.parametrize("count", [1, 3])
    def test_fifty_scanners_admit_exactly_the_limit(self, city: City, count: int) -> None:
        story = Story(city, limit={"count": count, "per": "place", "window": "shanghai_day", "assumption": True})
        answers: list[dict[str, Any]] = []
        barrier = threading.Barrier(50)

        def scan(number: int) -> None:
            barrier.wait()
            answers.append(city.scan(story.token, story.area, f"n{number}"))

        _all(scan, range(50))
        assert [answer["outcome"] for answer in answers].count("admitted") == count
        assert len(answers) == 50

    def test_one_nonce_sent_twenty_times_at_once_is_one_scan(self, city: City) -> None:
        story = Story(city)
        answers: list[UUID] = []
        _all(lambda number: answers.append(city.scan(story.token, story.area, "same")["id"]), range(20))
        assert len(answers) == 20
        assert len(set(answers)) == 1


class TestCost:
    def test_a_scan_takes_six_statements_with_idempotency_history_and_outbox(self, city: City) -> None:
        story = Story(city)
        statements: list[str] = []
        events_of.listen(
            city.engine, "before_cursor_execute", lambda c, cur, sql, *rest: statements.append(sql.split()[0])
        )
        caller = Caller("gate", "culture_tourism", "r1", idempotency_key="k1", trusted=True)
        with city.work(caller=caller) as work:
            effect = lambda: {"outcome": city.redeem(work, story.token, story.area, "n1")["outcome"]}  # noqa: E731
            assert idempotency.run(work, "redeem_pass", {}, effect) == {"outcome": "admitted"}
        assert len(statements) == 6, statements


class TestKeys:
    def test_passes_survive_a_rotation_and_foreign_keys_are_refused(self, city: City, tmp_path: Path) -> None:
        story = Story(city)
        first = write_keys(tmp_path / "a.json", "k1")
        old = passes.PassKeys.from_file(tmp_path / "a.json", is_dev=True)
        write_keys(tmp_path / "b.json", "k2", known=first)
        rotated = passes.PassKeys.from_file(tmp_path / "b.json", is_dev=True)
        claims = {"entitlement_id": str(uuid7()), "scheme": "s", "holder": "张*", "exp": int(NOW.timestamp()) + 60}
        assert rotated.current == "k2"
        assert rotated.read(old.sign(claims), now=NOW).holder == "张*"
        with pytest.raises(passes.PassUnreadable):
            old.read(rotated.sign(claims), now=NOW)
        with pytest.raises(passes.PassUnreadable):
            rotated.read(story.token, now=NOW)


def _entitlement(city: City) -> Any:
    from sqlalchemy import text

    with city.engine.connect() as connection:
        return connection.execute(text("select id from entitlements limit 1")).scalar_one()


def _all(call: Any, numbers: Any) -> None:
    threads = [threading.Thread(target=call, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
