"""One person under two names: merged they have one pass and one seat, taken back each has their own again."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from deploy.local.throwaway import eventually
from examples.client import ApiError, Client
from examples.rosters import _id_number as id_number_of
from tests.journeys import guide
from tests.journeys.test_job_fair import Fair
from tests.journeys.test_messages import inbox
from tests.support.towns import Town

Record = dict[str, Any]


class Story:
    """A town with a fair and a scenic area, another department with a university of its own, and the city office."""

    def __init__(self, town: Town) -> None:
        self.town, number = town, town.number
        self.fair = Fair(town, capacity=1)
        self.area = town.organisation("scenic_area")
        self.foreign: Client = town.platform.client(f"foreign{number}", f"foreign_{number}")
        self.office = self._city_office()
        self.university = town.organisation("university", trusted=(self.foreign.department,))
        town.put_set(town.universities_key, [self.fair.university, self.university])
        town.put_set(town.areas_key, [self.area])
        town.publish_scheme()
        self.document = {"id_type": "resident_id", "id_number": id_number_of(dt.date(2003, 5, 6), 990_000 + number)}
        self.survivor = town.client.post("/v1/people", {"name": "欧阳小小", **self.document})["id"]

    def _city_office(self) -> Client:
        """Registered by the guide's command."""
        guide.run("docs/operating.md", "office", self.town.platform, self.town.folder)
        made = json.loads((self.town.folder / "office.json").read_text())
        return Client(self.town.platform.url, made["client_id"], made["client_secret"], purpose="duplicates")

    def provisional(self) -> str:
        """The same document under another name, by the other department, as a student of its university."""
        person = str(self.foreign.post("/v1/people", {"name": "欧阳晓晓", **self.document})["id"])
        self.foreign.post(
            "/v1/affiliations",
            {
                "person_id": person,
                "organisation_id": self.university["id"],
                "role": "student",
                "from_on": "2024-09-01",
            },
        )
        return person

    def pair(self, provisional: str) -> Record:
        found = self.office.get("/v1/duplicate-people", state="open", limit=200)["items"]
        return next(one for one in found if one["id"] == provisional)

    def decide(self, provisional: str, move: str) -> None:
        self.office.post(f"/v1/duplicate-people/{provisional}/{move}")

    def entitlements(self, client: Client, person: str) -> list[Record]:
        page = client.get("/v1/entitlements", person_id=person, scheme_key=self.town.scheme_key)
        return list(page["items"])

    def register(self, client: Client, person: str) -> Record:
        def registered() -> Record | None:
            try:
                return dict(client.post(f"{self.fair.path}/registrations", {"person_id": person}))
            except ApiError as error:
                if error.problem["code"] not in ("not_yet_known", "events.not_eligible"):
                    raise
                return None

        return dict(eventually(registered, what="the registration"))

    def registrations(self, client: Client, person: str) -> dict[str, str]:
        page = client.get("/v1/registrations", person_id=person)
        return {one["id"]: one["state"] for one in page["items"]}


@pytest.fixture
def story(town: Town) -> Story:
    return Story(town)


def test_both_had_a_pass_and_a_seat(story: Story) -> None:
    town, gate = story.town, story.town.gate(story.area)
    town.affiliate(story.survivor, story.fair.university)
    provisional = story.provisional()
    assert story.pair(provisional)["person_id"] == story.survivor
    ours = town.await_entitlement(story.survivor)
    (theirs,) = eventually(lambda: story.entitlements(story.foreign, provisional), what="the other's entitlement")
    waiting, seated = story.register(town.client, story.survivor), None
    old_pass = story.foreign.get(f"/v1/entitlements/{theirs['id']}/pass")["token"]
    scan = {"pass": old_pass, "place_id": story.area["id"]}
    assert gate.post("/v1/redemptions", {**scan, "nonce": "before"})["outcome"] == "admitted"
    seated = story.register(story.foreign, provisional)
    assert (waiting["state"], seated["state"]) == ("confirmed", "waiting")

    story.decide(provisional, "merge")
    # one entitlement, by either id; what was used under the other name is used
    eventually(
        lambda: [one["id"] for one in story.entitlements(story.foreign, provisional)] == [ours["id"]],
        what="one entitlement",
    )
    for token in (old_pass, town.pass_of(ours)):
        refused = gate.post("/v1/redemptions", {"pass": token, "place_id": story.area["id"], "nonce": token[-20:]})
        assert (refused["outcome"], refused["code"]) == ("refused", "perks.limit_reached")
    # one seat
    both = {waiting["id"]: "confirmed", seated["id"]: "cancelled"}
    eventually(lambda: story.registrations(town.client, story.survivor) == both, what="one seat")
    assert story.registrations(story.foreign, provisional) == both
    with pytest.raises(ApiError) as again:
        story.foreign.post(f"{story.fair.path}/registrations", {"person_id": provisional})
    assert again.value.problem["code"] == "events.already_registered"
    # one inbox, for a token of either id
    messages = {one["id"] for one in inbox(town, story.survivor)}
    as_other = town.app.for_person(provisional)
    assert {one["id"] for one in as_other.get("/v1/messages")["items"]} == messages and len(messages) >= 4

    story.decide(provisional, "dismiss")
    mine = {waiting["id"]: "confirmed"}
    eventually(lambda: story.registrations(town.client, story.survivor) == mine, what="their own registrations")
    assert story.registrations(story.foreign, provisional) == {seated["id"]: "cancelled"}
    back = eventually(
        lambda: [one for one in story.entitlements(story.foreign, provisional) if one["state"] == "active"],
        what="their own entitlement",
    )
    assert [one["id"] for one in back] == [theirs["id"]]
    assert gate.post("/v1/redemptions", {"pass": town.pass_of(ours), "place_id": story.area["id"], "nonce": "own"})[
        "outcome"
    ] == ("admitted")


def test_what_only_one_had_follows_and_comes_back(story: Story) -> None:
    town = story.town
    provisional = story.provisional()
    (theirs,) = eventually(lambda: story.entitlements(story.foreign, provisional), what="an entitlement")
    seat = story.register(story.foreign, provisional)
    story.decide(provisional, "merge")
    assert town.await_entitlement(story.survivor)["id"] == theirs["id"]
    eventually(lambda: seat["id"] in story.registrations(town.client, story.survivor), what="the seat")
    ticket = story.foreign.get(f"/v1/registrations/{seat['id']}/ticket")
    assert story.fair.scan(ticket["token"], "door")["outcome"] == "admitted"
    story.decide(provisional, "dismiss")
    eventually(lambda: not story.entitlements(town.client, story.survivor), what="the entitlement's way back")
    assert [one["id"] for one in story.entitlements(story.foreign, provisional)] == [theirs["id"]]
    assert story.registrations(story.foreign, provisional) == {seat["id"]: "confirmed"}
