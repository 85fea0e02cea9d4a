"""The whole platform restored from its dumps by the commands of docs/operating.md: moved in the middle of work, and after a
disaster that came hours later. Passes stay valid, nothing counts twice, nobody gets a message twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from chassis.store.database import with_driver
from deploy.local.throwaway import ThrowawayPlatform, eventually
from examples.client import ApiError
from tests.journeys import guide
from tests.support.platforms import NOTIFY_QUICKLY, MakePlatform
from tests.support.smtp_sink import Sink
from tests.support.towns import Town

GUIDE = "docs/operating.md"


class Drill:
    """A platform that is dumped, lost and restored, and a town with a scheme, a university and two areas."""

    def __init__(self, platform: ThrowawayPlatform, folder: Path, mails: Sink) -> None:
        self.platform, self.folder, self.mails = platform, folder, mails
        self.town = Town(platform, folder)
        self.university = self.town.organisation("university")
        self.area, self.other_area = (self.town.organisation("scenic_area") for _ in range(2))
        self.town.put_set(self.town.universities_key, [self.university])
        self.town.put_set(self.town.areas_key, [self.area, self.other_area])
        self.town.publish_scheme()
        self.addresses: dict[str, str] = {}

    # -- people

    def student(self, name: str) -> str:
        """A student with an e-mail address; returns the person's id."""
        address = f"{name}@drill.example.com"
        person = self.town.student(self.university, email=address)
        self.addresses[person] = address
        return person

    def mails_of(self, *people: str) -> list[int]:
        return [len(self.mails.to(self.addresses[person])) for person in people]

    def scan(self, token: str, area: dict[str, Any], nonce: str) -> dict[str, Any]:
        return dict(self.town.client.post("/v1/redemptions", {"pass": token, "place_id": area["id"], "nonce": nonce}))

    # -- work in the middle of which the dump is made

    def leave_half_done(self, name: str) -> tuple[str, str, str]:
        """Three students, each stuck at another step: entitled and not mailed, entitled and not announced, not entitled yet."""
        self.only("notify", "rpc", "events", "relay")
        unmailed = self.student(f"{name}.unmailed")
        query = f"select count(*) from deliveries where person_id = '{unmailed}' and state = 'due'"
        eventually(lambda: self.count("notify", query) == 1, what="a delivery that is due")
        self.only("perks", "rpc", "events", "timers")
        unannounced = self.student(f"{name}.unannounced")
        self.town.await_entitlement(unannounced)
        self.platform.stop("perks-0")
        unentitled = self.student(f"{name}.unentitled")
        eventually(lambda: self.count("talent", UNPUBLISHED) == 0, what="talent's relay")
        assert self.count("perks", UNPUBLISHED) == 1
        assert self.count("perks", f"select count(*) from entitlements where person_id = '{unentitled}'") == 0
        assert self.mails_of(unmailed, unannounced, unentitled) == [0, 0, 0]
        return unmailed, unannounced, unentitled

    def only(self, service: str, *lanes: str) -> None:
        """Run a service with these lanes, with all where none is named."""
        if f"{service}-0" in self.platform.processes:
            self.platform.stop(f"{service}-0")
        self.platform.start_service(service, f"{service}-0", *lanes)
        self.platform.wait_for(f"{service}-0")

    # -- the guide

    def type(self, name: str) -> str:
        return guide.run(GUIDE, name, self.platform, self.folder)

    def lose_everything(self) -> None:
        """Stop every process and drop every database; empty ones stand in their place."""
        for name in list(self.platform.processes):
            self.platform.stop(name)
        for url in self.platform.databases.values():
            server = make_url(url).set(drivername="postgresql+psycopg2", database="postgres")
            engine = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
            with engine.connect() as connection:
                connection.exec_driver_sql(f'drop database "{make_url(url).database}" with (force)')
                connection.exec_driver_sql(f'create database "{make_url(url).database}"')

    def go_on(self, *people: str) -> None:
        """Start every process, and wait until these people are entitled and all there is to do is done."""
        self.platform.start(processes_each=1)
        for person in people:
            self.town.await_entitlement(person)
        eventually(self.is_done, what="the work that was left")

    def is_done(self) -> bool:
        published = all(self.count(name, UNPUBLISHED) == 0 for name in ("talent", "events", "perks", "notify"))
        evaluated = self.count("perks", "select count(*) from evaluation_runs where finished_at is null") == 0
        announced = self.count("perks", "select count(*) from outbox where type like 'perks.entitlement.%'")
        received = self.count("notify", "select count(*) from inbox")
        sent = self.count("notify", "select count(*) from deliveries where state in ('due', 'sending', 'calling')") == 0
        return published and evaluated and announced == received and sent

    def count(self, service: str, sql: str) -> int:
        engine = create_engine(with_driver(self.platform.databases[service]), poolclass=NullPool)
        with engine.connect() as connection:
            return int(connection.execute(text(sql)).scalar_one())

    def states(self) -> dict[str, int]:
        """What must not double: rows by what they are."""
        return {
            "entitlements": self.count("perks", "select count(*) from entitlements"),
            "grants": self.count("perks", "select count(*) from history where subject = 'entitlement'"),
            "redemptions": self.count("perks", "select count(*) from redemptions where outcome = 'admitted'"),
            "messages": self.count("notify", "select count(*) from messages"),
            "affiliations": self.count("talent", "select count(*) from affiliations"),
        }


UNPUBLISHED = "select count(*) from outbox where position is null"


@pytest.fixture(scope="module")
def drill(prepared_platform: MakePlatform, mails: Sink) -> Iterator[Drill]:
    with prepared_platform("drill") as platform:
        platform.environment |= {"CHECK_EVENTS": "1", "NOTIFY_SMTP_URL": mails.url, **NOTIFY_QUICKLY}
        platform.start(processes_each=1)
        yield Drill(platform, platform.folder, mails)


class Visitor:
    """Somebody who got the message about the pass and has used it, all before the first dump."""

    def __init__(self, drill: Drill) -> None:
        self.person = drill.student("visitor")
        self.token = drill.town.pass_of(drill.town.await_entitlement(self.person))
        self.visit = drill.scan(self.token, drill.area, "the first visit")
        assert self.visit["outcome"] == "admitted"
        eventually(lambda: drill.mails_of(self.person) == [1], what="the mail")


@pytest.fixture(scope="module")
def visitor(drill: Drill) -> Visitor:
    return Visitor(drill)


def assert_the_visit_holds(drill: Drill, visitor: Visitor) -> None:
    """The pass is read, the same scan has the same answer, and another scan of the visit is refused."""
    again = drill.scan(visitor.token, drill.area, "the first visit")
    assert (again["id"], again["outcome"], again["replayed"]) == (visitor.visit["id"], "admitted", True)
    with pytest.raises(ApiError) as refused:
        drill.scan(visitor.token, drill.area, "another scanner")
    assert refused.value.problem["code"] == "perks.limit_reached"


def test_moved_in_the_middle_of_work_it_goes_on_where_it_stopped(drill: Drill, visitor: Visitor) -> None:
    half_done = drill.leave_half_done("moved")
    for name in list(drill.platform.processes):
        drill.platform.stop(name)
    drill.type("backup")
    drill.lose_everything()
    drill.type("restored")
    drill.type("migrated")
    drill.go_on(*half_done)
    assert drill.mails_of(*half_done) == [1, 1, 1], "those that were not sent yet"
    assert_the_visit_holds(drill, visitor)
    assert drill.states() == {"entitlements": 4, "grants": 4, "redemptions": 1, "messages": 4, "affiliations": 4}
    assert drill.mails_of(visitor.person) == [1]
    assert drill.mails.repeated() == []


def test_after_a_disaster_messages_sent_since_the_dump_are_not_sent_again(drill: Drill, visitor: Visitor) -> None:
    half_done = drill.leave_half_done("overtaken")
    drill.type("backup")
    for service in ("perks", "notify"):
        drill.only(service)
    eventually(lambda: drill.mails_of(*half_done) == [1, 1, 1], what="the mails after the dump")
    newcomer = drill.student("newcomer")
    eventually(lambda: drill.mails_of(newcomer) == [1], what="the newcomer's mail")
    assert drill.scan(visitor.token, drill.other_area, "after the dump")["outcome"] == "admitted"
    drill.lose_everything()
    drill.type("restored")
    drill.type("migrated")
    drill.type("overtaken")
    drill.go_on(*half_done)
    assert_the_visit_holds(drill, visitor)
    printed = drill.type("compared")
    assert printed.count(" 0 missing, 0 extra, 0 older, 0 newer, 0 different") == 8
    # the mail that was due had become a message; the others' events are replays, which become none
    assert drill.states() == {"entitlements": 7, "grants": 7, "redemptions": 1, "messages": 5, "affiliations": 7}
    assert drill.mails_of(visitor.person, *half_done, newcomer) == [1, 1, 1, 1, 1]
    assert drill.mails.repeated() == []


def test_a_message_that_may_have_been_sent_waits_for_a_clerk(drill: Drill, visitor: Visitor) -> None:
    (delivery,) = drill.town.operator.get("/v1/deliveries", state="outcome_unknown")["items"]
    assert (delivery["channel"], delivery["reason"]) == ("email", "restored")
    drill.town.operator.post(f"/v1/deliveries/{delivery['id']}/resend")
    path = f"/v1/deliveries/{delivery['id']}"
    eventually(lambda: drill.town.operator.get(path)["state"] == "delivered", what="the mail sent again")


def test_who_came_after_the_dump_comes_again_and_is_entitled(drill: Drill, visitor: Visitor) -> None:
    lost = next(person for person, address in drill.addresses.items() if address.startswith("newcomer"))
    with pytest.raises(ApiError) as unknown:
        drill.town.client.get(f"/v1/people/{lost}")
    assert unknown.value.status == 404
    drill.town.await_entitlement(drill.student("newcomer.again"))
    assert drill.scan(visitor.token, drill.other_area, "once more")["outcome"] == "admitted", "the guide says so"
