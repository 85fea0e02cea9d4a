"""No one of the demo rosters can be found in what is stored, logged, measured or queued, or in a requested URL."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import psycopg2
import pytest

from chassis.broker.wire import Wire
from deploy.local.clients import CLIENTS
from deploy.local.throwaway import ThrowawayPlatform, eventually
from examples import rosters
from examples.city import universities
from examples.client import ApiError, Client, client_of
from tests.support.personal_data import leaks, names_of_the_demo
from tests.support.platforms import MakePlatform
from tests.support.servers import Broker

LISTENING = "perks.on_affiliation_changed.v1"


class Demo:
    """The demo city on a platform whose perks hears no events at first, so that every event waits in its queue."""

    def __init__(self, platform: ThrowawayPlatform, broker: Broker) -> None:
        self.platform, self.broker = platform, broker
        self.names = names_of_the_demo()
        platform.start(processes_each=1)
        platform.stop("perks-0")
        platform.start_service("perks", "perks-0", "rpc", "relay", "timers")
        platform.wait_for("perks-0")
        added = platform.run(
            "gateway", "client", "add", "all", "--department", "youth_league", "--json", "--scope", "all"
        )
        clients = {name: json.loads(platform.run("gateway", *one.arguments(name))) for name, one in CLIENTS.items()}
        described = {"gateway_url": platform.url, "clients": {**clients, "all": json.loads(added)}}
        self.client: Client = client_of(described, "all")
        (platform.folder / "platform.json").write_text(json.dumps(described))
        platform.run("examples.demo", "--platform", str(platform.folder / "platform.json"))

    def waiting(self) -> int:
        with contextlib.closing(Wire(self.broker.uri(self.platform.vhost), name="test.count")) as wire:
            return int(wire.connection.channel().queue_declare(LISTENING, passive=True).message_count)

    def listen(self) -> None:
        self.platform.start_service("perks", "perks-1", "events")
        self.platform.wait_for("perks-1")

    def leaks(self) -> list[str]:
        return leaks(self.platform, self.broker, named=self.names)

    def status_of(self, method: str, path: str, body: Any = None) -> int:
        """What a request that should be refused is answered with."""
        with pytest.raises(ApiError) as refused:
            self.client.send(method, path, body)
        return refused.value.status


@pytest.fixture(scope="module")
def demo(prepared_platform: MakePlatform, broker: Broker) -> Iterator[Demo]:
    with prepared_platform("demo") as platform:
        yield Demo(platform, broker)


@pytest.mark.timeout(400)
class TestNobodyIsFound:
    """In this order: events wait, then they are heard and people come to the gate, and strangers write them into URLs."""

    def test_while_every_event_waits_in_its_queue(self, demo: Demo) -> None:
        eventually(lambda: demo.waiting() >= rosters.PEOPLE, seconds=60, what="the queue of 2,000 events")
        assert demo.leaks() == []

    def test_after_passes_are_granted_issued_redeemed_and_refused(self, demo: Demo) -> None:
        demo.listen()
        person = demo.client.get("/v1/people", limit=1)["items"][0]["id"]
        granted = eventually(
            lambda: demo.client.get("/v1/entitlements", person_id=person)["items"], seconds=90, what="a grant"
        )
        area = demo.client.get("/v1/organisations", kind="scenic_area", limit=1)["items"][0]["id"]
        issued = demo.client.get(f"/v1/entitlements/{granted[0]['id']}/pass")["token"]
        for nonce, expected in (("first", "admitted"), ("second", "refused")):
            try:
                scanned = demo.client.post("/v1/redemptions", {"pass": issued, "place_id": area, "nonce": nonce})
            except ApiError as error:
                scanned = error.problem["redemption"]
            assert scanned["outcome"] == expected
        eventually(lambda: demo.waiting() == 0, seconds=120, what="an empty queue")
        assert demo.leaks() == []

    def test_after_strangers_put_them_into_urls_and_wrong_requests(self, demo: Demo) -> None:
        member = rosters.members_of(universities()[0], number=0, count=1)[0]
        assert demo.status_of("GET", f"/v1/people?id_number={member.id_number}&phone={member.phone}") in (400, 422)
        assert demo.status_of("GET", f"/v1/people/{member.id_number}") == 404
        assert demo.status_of("GET", f"/{quote(member.name)}/{member.email}") == 404
        person = {
            "name": member.name,
            "id_type": "passport",
            "id_number": member.id_number,
            "email": f"!{member.email}",
        }
        assert demo.status_of("POST", "/v1/people", {**person, "phone": member.phone + "0"}) in (400, 422)
        assert demo.status_of("POST", "/v1/people", {member.name: member.phone}) in (400, 422)
        assert demo.leaks() == []

    def test_but_the_search_does_find_them(self, demo: Demo) -> None:
        member, name = rosters.members_of(universities()[0], number=0, count=1)[0], min(demo.names)
        for number, text in enumerate((member.id_number, member.phone, member.email, name)):
            (demo.platform.folder / f"planted-{number}.log").write_text(f'{{"event": "seen {text}"}}')
        with psycopg2.connect(demo.platform.databases["talent"]) as connection, connection.cursor() as cursor:
            cursor.execute("insert into key_canaries (name, sealed) values ('planted', %s)", (member.phone.encode(),))
        found = demo.leaks()
        assert [line.split(":")[0] for line in found] == [
            *(f"log planted-{number}.log" for number in range(4)),
            "bytes in database talent",
        ]
