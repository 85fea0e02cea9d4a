"""One person under two names: merged they have one pass and one seat, taken back each has their own again."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

import pytest

from deploy.local.throwaway import eventually
from examples.client import ApiError, Client
from examples.rosters import id_number as id_number_of
from tests.journeys import guide
from tests.journeys.test_job_fair import Fair
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
        made = json.loads((self.town.folder / ".state" / "office.json").read_text())
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


class Both:
    """Two who had a pass and a seat each, of which the provisional one's pass was used."""

    def __init__(self, story: Story) -> None:
        self.story, self.town = story, story.town
        self.gate = self.town.gate(story.area)
        self.town.affiliate(story.survivor, story.fair.university)
        self.provisional = story.provisional()
        self.ours = self.town.await_entitlement(story.survivor)
        (self.theirs,) = eventually(
            lambda: story.entitlements(story.foreign, self.provisional), what="the other's entitlement"
        )
        self.old_pass = story.foreign.get(f"/v1/entitlements/{self.theirs['id']}/pass")["token"]
        self.seated = story.register(self.town.client, story.survivor)
        self.waiting = story.register(story.foreign, self.provisional)
        assert (self.seated["state"], self.waiting["state"]) == ("confirmed", "waiting")
        assert self.scan(self.old_pass)["outcome"] == "admitted"

    def scan(self, token: str) -> Record:
        scan = {"pass": token, "place_id": self.story.area["id"], "nonce": uuid.uuid4().hex}
        try:
            return dict(self.gate.post("/v1/redemptions", scan))
        except ApiError as error:
            return dict(error.problem["redemption"])

    def registrations(self) -> list[dict[str, str]]:
        story = self.story
        return [
            story.registrations(client, person)
            for client, person in ((self.town.client, story.survivor), (story.foreign, self.provisional))
        ]

    def entitled(self) -> list[list[str]]:
        story = self.story
        return [
            [one["id"] for one in story.entitlements(client, person) if one["state"] == "active"]
            for client, person in ((self.town.client, story.survivor), (story.foreign, self.provisional))
        ]


@pytest.fixture
def both(story: Story) -> Both:
    return Both(story)


def test_both_had_a_pass_and_a_seat(both: Both) -> None:
    story, town = both.story, both.town
    assert story.pair(both.provisional)["person_id"] == story.survivor
    story.decide(both.provisional, "merge")
    ours, seated, waiting = both.ours["id"], both.seated["id"], both.waiting["id"]
    eventually(lambda: both.entitled() == [[ours], [ours]], what="one entitlement, by either id")
    # the ids are one as soon as talent has decided; perks follows a moment later
    scans = {"person_id": story.survivor}
    eventually(lambda: town.client.get("/v1/redemptions", **scans)["items"], what="the other's scan")
    for token in (both.old_pass, town.pass_of(both.ours)):
        refused = both.scan(token)
        assert (refused["outcome"], refused["code"]) == ("refused", "perks.limit_reached")
    one_seat = {seated: "confirmed", waiting: "cancelled"}
    eventually(lambda: both.registrations() == [one_seat, one_seat], what="one seat")
    with pytest.raises(ApiError) as again:
        story.foreign.post(f"{story.fair.path}/registrations", {"person_id": both.provisional})
    assert again.value.problem["code"] == "events.already_registered"

    story.decide(both.provisional, "dismiss")
    each = [{seated: "confirmed"}, {waiting: "cancelled"}]
    eventually(lambda: both.registrations() == each, what="their own registrations")
    eventually(lambda: both.entitled() == [[ours], [both.theirs["id"]]], what="their own entitlements")
    assert both.scan(town.pass_of(both.ours))["outcome"] == "admitted"


def test_messages_of_both_are_in_one_inbox(both: Both) -> None:
    story, app = both.story, both.town.app

    def shown(person: str) -> set[str]:
        return {one["id"] for one in app.for_person(person).get("/v1/messages", person_id=person)["items"]}

    ours, theirs = (
        eventually(lambda who=who: shown(who), what="a message") for who in (story.survivor, both.provisional)
    )
    story.decide(both.provisional, "merge")
    eventually(lambda: shown(story.survivor) >= ours | theirs, what="one inbox")
    # what the merge changes makes messages of its own, so one may come between two readings
    eventually(lambda: shown(both.provisional) == shown(story.survivor), what="the same by either id")
    story.decide(both.provisional, "dismiss")
    eventually(lambda: not shown(story.survivor) & theirs, what="an inbox each")
    assert shown(both.provisional) >= theirs


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
