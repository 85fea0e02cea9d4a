"""perks' copies lost, and perks restored from an older dump: rebuilt by the commands of docs/rebuilding.md, with no message."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import amqp
import pytest
from sqlalchemy import create_engine, text

from chassis.broker.wire import Wire
from chassis.store import dead_letters
from chassis.store.database import with_driver
from chassis.store.work import open_work
from deploy.local.throwaway import ThrowawayPlatform, eventually
from tests.journeys import guide
from tests.support.platforms import MakePlatform
from tests.support.towns import Town

HANDLER = "perks.on_affiliation_changed"
States = dict[tuple[str, str], tuple[str, str, int]]


class Announcements:
    """Receives every event about entitlements, as a service that sends people messages would."""

    def __init__(self, amqp_uri: str) -> None:
        self._wire = Wire(amqp_uri, name="test.announced", heartbeat=0)
        self._channel: amqp.Channel = self._wire.connection.channel()
        self._channel.queue_declare("test.announced", durable=True, auto_delete=False)
        for what in ("granted", "suspended", "reinstated"):
            self._channel.queue_bind("test.announced", "perks.events", f"perks.entitlement.{what}.v1")
        self.events: dict[str, dict[str, Any]] = {}

    def messages(self) -> int:
        """How many messages people would have got by now: a repeated event and a replay are none."""
        while (message := self._channel.basic_get("test.announced", no_ack=True)) is not None:
            event = json.loads(message.body)
            self.events[event["id"]] = event
        return len([event for event in self.events.values() if not event.get("replay")])

    def close(self) -> None:
        self._wire.close()


class Ruin:
    """A platform whose perks is stopped, emptied and restored."""

    def __init__(self, platform: ThrowawayPlatform, town: Town, folder: Path) -> None:
        self.platform, self.town, self.folder = platform, town, folder
        self.announcements = Announcements(platform.environment["AMQP_URI"])
        self.perks = create_engine(with_driver(platform.databases["perks"]))
        self.talent = create_engine(with_driver(platform.databases["talent"]))
        self.notify = create_engine(with_driver(platform.databases["notify"]))

    def shell(self, name: str) -> str:
        """Run the blocks of docs/rebuilding.md marked `name`, as they stand; what they printed."""
        return guide.run("docs/rebuilding.md", name, self.platform, self.folder)

    def states(self) -> States:
        """(person, scheme) → state, id and version of the entitlement."""
        with self.perks.connect() as connection:
            rows = connection.execute(text("select person_id, scheme_key, state, id, version from entitlements"))
            return {(str(row[0]), row[1]): (row[2], str(row[3]), row[4]) for row in rows}

    def state_of(self, person: str) -> str | None:
        return self.states().get((person, self.town.scheme_key), (None,))[0]

    def count(self, sql: str) -> int:
        with self.perks.connect() as connection:
            return int(connection.execute(text(sql)).scalar_one())

    def notified(self) -> tuple[int, int]:
        """How many events notify has taken in, and how many messages it has made of them."""
        query = "select (select count(*) from inbox), (select count(*) from messages)"
        with self.notify.connect() as connection:
            return tuple(connection.execute(text(query)).one())  # type: ignore[return-value]

    def rebuild(self) -> None:
        """What the document says to do once perks is stopped and its database is as it is."""
        self.shell("rebuild")
        self.platform.start_service("perks", "perks-0")
        self.platform.wait_for("perks-0")
        eventually(lambda: self.shell("evaluated").strip() == "0", what="the evaluation")
        eventually(lambda: self.count("select count(*) from outbox where position is null") == 0, what="the relay")

    def close(self) -> None:
        self.announcements.close()
        self.perks.dispose()
        self.talent.dispose()
        self.notify.dispose()


@pytest.fixture(scope="module")
def ruin(prepared_platform: MakePlatform) -> Iterator[Ruin]:
    with prepared_platform("rebuild") as platform:
        platform.start(processes_each=1)
        town = Town(platform, platform.folder)
        town.universities_key = "resident_universities"
        made = Ruin(platform, town, platform.folder)
        yield made
        made.close()


class City:
    """Two universities, of which the first is in the set, an area, and people in every state."""

    def __init__(self, ruin: Ruin) -> None:
        town = ruin.town
        self.first, self.second = town.organisation("university"), town.organisation("university")
        self.area = town.organisation("scenic_area")
        town.put_set(town.universities_key, [self.first])
        town.put_set(town.areas_key, [self.area])
        town.publish_scheme()
        path, _ = town.roster(self.first, 40)
        town.upload(path)
        self.stays, self.leaves, self.returns = (town.student(self.first) for _ in range(3))
        self.waits = town.student(self.second)
        town.affiliate(self.stays, self.second, role="staff")
        eventually(lambda: len(ruin.states()) == 43, what="the grants")
        self.end(ruin, self.returns)
        eventually(lambda: ruin.state_of(self.returns) == "suspended", what="the suspension")

    def end(self, ruin: Ruin, person: str) -> None:
        (affiliation,) = ruin.town.client.get("/v1/affiliations", person_id=person)["items"]
        ruin.town.client.post(f"/v1/affiliations/{affiliation['id']}/end", {})


@pytest.fixture(scope="module")
def city(ruin: Ruin) -> City:
    return City(ruin)


def test_a_copy_in_doubt_is_compared_and_sent_again(ruin: Ruin, city: City) -> None:
    printed = ruin.shell("doubted")
    assert "affiliation: 45 same, 0 missing, 0 extra, 0 older, 0 newer, 0 different" in printed
    assert f"affiliation: 45 would be sent to {HANDLER}" in printed
    assert "organisation_set: 1 written for the relay to perks.on_organisation_set_published" in printed


def test_emptied_copies_come_back_and_nobody_gets_a_message(ruin: Ruin, city: City) -> None:
    before, messages = ruin.states(), ruin.announcements.messages()
    events, history = (ruin.count(f"select count(*) from {table}") for table in ("outbox", "history"))
    token = ruin.town.pass_of(ruin.town.await_entitlement(city.stays))
    ruin.platform.stop("perks-0")
    ruin.shell("emptied")
    assert ruin.count("select count(*) from affiliations") == 0
    ruin.rebuild()
    assert ruin.count("select count(*) from affiliations") == 45
    assert ruin.states() == before, "ids and versions too"
    assert ruin.announcements.messages() == messages == 44
    assert ruin.count("select count(*) from outbox") == events
    assert ruin.count("select count(*) from history") == history
    scan = {"pass": token, "place_id": city.area["id"], "nonce": "after the rebuild"}
    assert ruin.town.client.post("/v1/redemptions", scan)["outcome"] == "admitted"


def test_what_was_sent_again_has_changed_nothing_at_its_source(ruin: Ruin, city: City) -> None:
    with ruin.talent.connect() as connection:
        sent = connection.execute(text("select only_for, created_at, cast(body as jsonb) as event from outbox")).all()
        steps = connection.execute(text("select count(*) from history where subject = 'affiliation'")).scalar_one()
        versions = connection.execute(text("select sum(version) from affiliations")).scalar_one()
    replays = [row for row in sent if row.event.get("replay")]
    assert len(replays) >= 45
    assert all(row.only_for.startswith("perks.") for row in replays), "every one was for perks alone"
    times = [dt.datetime.fromisoformat(row.event["time"]) for row in replays]
    assert all(time < row.created_at for time, row in zip(times, replays, strict=True)), "it says since when it is so"
    assert steps == versions == 46, "45 confirmed, one of them ended"


def test_an_older_dump_catches_up_and_nobody_gets_a_message_twice(ruin: Ruin, city: City) -> None:
    ruin.shell("dump")
    messages_before = ruin.announcements.messages()
    city.end(ruin, city.leaves)
    ruin.town.affiliate(city.returns, city.first, from_on="2026-09-01", role="staff")
    newcomer = ruin.town.student(city.first)
    ruin.town.put_set(ruin.town.universities_key, [city.first, city.second], version=1)
    ended = {city.leaves: "suspended", city.returns: "active", newcomer: "active", city.waits: "active"}
    eventually(lambda: {person: ruin.state_of(person) for person in ended} == ended, what="the changes")
    eventually(lambda: ruin.announcements.messages() == messages_before + 4, what="the messages")
    before = {key: state for key, (state, _, _) in ruin.states().items()}
    ruin.platform.stop("perks-0")
    ruin.shell("restored")
    assert ruin.state_of(newcomer) is None
    assert ruin.state_of(city.leaves) == "active"
    ruin.rebuild()
    assert {key: state for key, (state, _, _) in ruin.states().items()} == before
    assert ruin.announcements.messages() == messages_before + 4
    replays = [event for event in ruin.announcements.events.values() if event.get("replay")]
    assert sorted(event["data"]["person_id"] for event in replays) == sorted(ended)


def test_after_a_total_loss_whoever_is_entitled_today_is_granted_again(ruin: Ruin, city: City) -> None:
    active = {key for key, (state, _, _) in ruin.states().items() if state == "active"}
    messages = ruin.announcements.messages()
    ruin.platform.stop("perks-0")
    with ruin.perks.begin() as connection:
        connection.execute(text("truncate entitlements, redemptions, history, outbox"))
    ruin.shell("emptied")
    ruin.rebuild()
    assert {key for key, (state, _, _) in ruin.states().items() if state == "active"} == active
    assert ruin.announcements.messages() == messages
    assert ruin.count("select count(*) from history where to_state = 'active'") == len(active)


def test_letters_redriven_after_the_inbox_has_forgotten_them_double_nothing(ruin: Ruin, city: City) -> None:
    with ruin.talent.connect() as connection:
        query = "select body from outbox where type like 'talent.affiliation.%' order by created_at, id"
        bodies = [row.body for row in connection.execute(text(query))]
    sender = ruin.platform.environment["TALENT_BROKER_USER"]
    with open_work(ruin.perks) as work:
        for body in bodies:
            dead_letters.park(
                work.session, consumer=HANDLER, message_id=None, body=body, headers={}, sender=sender, reason="a bug",
                attempts=4,
            )  # fmt: skip
        work.session.execute(text("truncate inbox"))
    before, messages = ruin.states(), ruin.announcements.messages()
    events, history = (ruin.count(f"select count(*) from {table}") for table in ("outbox", "history"))
    printed = ruin.shell("dead")
    assert f"{len(bodies)} dead letters" in printed
    assert f"{len(bodies)} sent again" in printed
    eventually(lambda: ruin.count("select count(*) from inbox") == len(bodies), what="the redriven letters")
    eventually(lambda: ruin.shell("evaluated").strip() == "0", what="the evaluation")
    assert ruin.count("select count(*) from dead_letters where redriven_at is null") == 0
    assert ruin.states() == before
    assert ruin.announcements.messages() == messages
    assert ruin.count("select count(*) from outbox") == events
    assert ruin.count("select count(*) from history") == history


def test_notify_has_received_all_of_it_and_made_messages_only_of_what_was_new(ruin: Ruin, city: City) -> None:
    new = ruin.announcements.messages()
    received = len(ruin.announcements.events)
    assert received > new + 40, "the replays of the total loss are among them"
    eventually(lambda: ruin.notified()[0] >= received, what="notify's taking in")
    assert ruin.notified() == (received, new)
