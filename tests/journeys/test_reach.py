"""What was done to the first platform and must not be done again: others' passes, tickets, registrations, scans and inboxes.

Each attack is made over HTTP by a client that holds every scope it needs. Outside reach the answer is that of an unknown id.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest

from deploy.local.throwaway import eventually
from examples.client import ApiError, Client
from tests.journeys.test_job_fair import Fair
from tests.support.api import Answer, Api, without_occasion
from tests.support.towns import Town

Record = dict[str, Any]
#: All a department's system may hold but what is an office's: reach is what is missing.
SCOPES = (
    *("registry:read", "people:read", "schemes:read", "entitlements:read", "passes:issue", "redemptions:scan"),
    *("redemptions:read", "activities:read", "registrations:read", "registrations:write", "tickets:issue"),
    *("checkins:scan", "messages:read", "messages:write", "templates:read"),
)


class Story:
    """A student with a pass, a seat, a ticket and messages; and a department that has nothing to do with any of it."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.fair = Fair(town, capacity=5)
        self.area, self.other_area = (town.organisation("scenic_area") for _ in range(2))
        town.put_set(town.universities_key, [self.fair.university])
        town.put_set(town.areas_key, [self.area, self.other_area])
        town.publish_scheme()
        self.person, self.other = self.fair.student(1), self.fair.student(2)
        self.entitlement = town.await_entitlement(self.person)
        self.registration = self.fair.register(self.person)
        self.stranger = town.platform.client(f"stranger{town.number}", f"stranger_{town.number}", *SCOPES)
        self.api = Api(town.platform.url, self.stranger)

    def ask(self, client: Client, method: str, path: str, body: Record | None = None) -> Answer:
        return self.api.send(method, path, body, token=client._bearer())

    def assert_unknown(self, client: Client, method: str, path: str, known: str, body: Record | None = None) -> Answer:
        """What is asked of `known` is answered to the byte as of an id that nobody has."""
        found = []
        for asked in (known, str(uuid.uuid4())):
            sent = {name: asked if value == "{}" else value for name, value in body.items()} if body else body
            answer = self.ask(client, method, path.format(asked), sent)
            found.append(without_occasion(answer, asked=asked))
        assert found[0] == found[1]
        assert answer.status == 404, answer.body
        return answer


@pytest.fixture
def story(town: Town) -> Story:
    return Story(town)


def code_of(call: Any, *arguments: Any, **named: Any) -> tuple[int, str]:
    with pytest.raises(ApiError) as error:
        call(*arguments, **named)
    return error.value.status, str(error.value.problem["code"])


def test_people_are_listed_page_by_page(town: Town) -> None:
    university = town.organisation("university")
    people = {town.student(university) for _ in range(3)}
    found, cursor = [], None
    for _ in range(3):
        page = town.client.get("/v1/people", limit=1, cursor=cursor)
        found += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert (found, cursor) == (sorted(people), None)


class TestScansAtAGate:
    def test_are_made_where_the_device_is_bound_and_elsewhere_use_nothing(self, story: Story) -> None:
        town, gate = story.town, story.town.gate(story.area)
        scan = {"pass": town.pass_of(story.entitlement), "place_id": story.area["id"], "nonce": "n1"}
        elsewhere = {**scan, "place_id": story.other_area["id"]}
        assert code_of(gate.post, "/v1/redemptions", elsewhere) == (403, "perks.not_your_place")
        for place in (scan, elsewhere):
            assert code_of(story.stranger.post, "/v1/redemptions", place) == (403, "perks.not_your_place")
        assert town.client.get("/v1/redemptions", person_id=story.person)["items"] == []
        assert gate.post("/v1/redemptions", scan)["outcome"] == "admitted"
        assert story.stranger.get("/v1/redemptions")["items"] == []

    def test_are_not_dated_back_before_the_pass(self, story: Story) -> None:
        gate, now = story.town.gate(story.area), dt.datetime.now(dt.UTC)
        scan = {"pass": story.town.pass_of(story.entitlement), "place_id": story.area["id"]}
        for days in range(1, 6):
            sent = {**scan, "nonce": f"n{days}", "at": (now - dt.timedelta(days=days)).isoformat()}
            assert code_of(gate.post, "/v1/redemptions", sent) == (422, "perks.scan_before_pass")
        ahead = {**scan, "nonce": "n6", "at": (now + dt.timedelta(minutes=7)).isoformat()}
        assert code_of(gate.post, "/v1/redemptions", ahead) == (422, "perks.scan_time_implausible")
        assert gate.post("/v1/redemptions", {**scan, "nonce": "n7"})["outcome"] == "admitted"

    def test_are_read_by_the_places_and_the_schemes_departments(self, story: Story) -> None:
        town = story.town
        keeper = town.platform.client(f"keeper{town.number}", f"keeper_{town.number}", "redemptions:read")
        gate = town.platform.client(f"k{town.number}", keeper.department, type="device", bound_to=[story.area["id"]])
        scan = {"pass": town.pass_of(story.entitlement), "place_id": story.area["id"], "nonce": "n1"}
        made = gate.post("/v1/redemptions", scan)["id"]
        for reader in (keeper, town.client):
            assert [one["id"] for one in reader.get("/v1/redemptions")["items"]] == [made]
            assert reader.get(f"/v1/redemptions/{made}")["id"] == made
        story.assert_unknown(story.stranger, "GET", "/v1/redemptions/{}", made)
        assert story.stranger.get("/v1/redemptions", place_id=story.area["id"])["items"] == []


class TestScansAtADoor:
    def test_are_made_for_its_own_activity_and_use_no_other_ticket(self, story: Story) -> None:
        town, fair = story.town, story.fair
        other = Fair(town, capacity=1)
        ticket = {"ticket": fair.ticket(story.registration), "nonce": "n1"}
        for scanner in (town.gate(other.activity), story.stranger):
            assert code_of(scanner.post, "/v1/checkins", ticket) == (403, "events.wrong_door")
        assert fair.get(story.registration)["checked_in_at"] is None
        door = town.gate(fair.activity["sessions"][0])
        early = {**ticket, "at": (dt.datetime.now(dt.UTC) - dt.timedelta(minutes=7)).isoformat()}
        assert code_of(door.post, "/v1/checkins", early) == (422, "events.scan_before_ticket")
        assert door.post("/v1/checkins", ticket)["outcome"] == "admitted"


class TestPassesAndEntitlements:
    def test_are_listed_of_one_person_alone(self, story: Story) -> None:
        status, code = code_of(story.stranger.get, "/v1/entitlements", scheme_key=story.town.scheme_key)
        assert (status, code) == (422, "person_required")

    def test_are_a_persons_own_in_the_app_which_shows_a_pass_for_minutes(self, story: Story) -> None:
        app = story.town.app.for_person(story.person)
        (found,) = app.get("/v1/entitlements")["items"]
        assert found["id"] == story.entitlement["id"]
        shown = app.get(f"/v1/entitlements/{found['id']}/pass")
        left = dt.datetime.fromisoformat(shown["expires_at"]) - dt.datetime.now(dt.UTC)
        assert dt.timedelta() < left <= dt.timedelta(minutes=10)
        card = story.town.client.get(f"/v1/entitlements/{found['id']}/pass")
        assert dt.datetime.fromisoformat(card["expires_at"]) > dt.datetime.now(dt.UTC) + dt.timedelta(days=100)

    def test_do_not_exist_for_another_person(self, story: Story) -> None:
        other = story.town.app.for_person(story.other)
        for path in ("/v1/entitlements/{}", "/v1/entitlements/{}/pass"):
            story.assert_unknown(other, "GET", path, story.entitlement["id"])


class TestRegistrations:
    def test_do_not_exist_for_another_department_or_person(self, story: Story) -> None:
        known, path = story.registration["id"], "/v1/registrations/{}"
        for client in (story.stranger, story.town.app, story.town.app.for_person(story.other)):
            for what in ("", "/ticket"):
                story.assert_unknown(client, "GET", path + what, known)
            for move in ("cancel", "accept", "refuse"):
                story.assert_unknown(client, "POST", f"{path}/{move}", known, {})
        assert story.fair.get(story.registration)["state"] == "confirmed"

    def test_are_the_persons_own_in_the_app(self, story: Story) -> None:
        app, known = story.town.app.for_person(story.person), story.registration["id"]
        assert [one["id"] for one in app.get("/v1/registrations")["items"]] == [known]
        assert app.get(f"/v1/registrations/{known}/ticket")["holder"].startswith("欧阳")
        assert app.post(f"/v1/registrations/{known}/cancel")["state"] == "cancelled"
        again = app.post(f"{story.fair.path}/registrations", {"person_id": story.person})
        assert again["state"] == "confirmed"

    def test_are_listed_by_the_activitys_department_alone(self, story: Story) -> None:
        activity = story.fair.activity["id"]
        story.assert_unknown(story.stranger, "GET", "/v1/activities/{}/registrations", activity)
        story.assert_unknown(story.stranger, "GET", "/v1/registrations?activity_id={}", activity)
        assert code_of(story.stranger.get, "/v1/registrations") == (422, "person_required")

    def test_show_masked_names_to_the_activitys_department_in_reach_or_not(self, story: Story) -> None:
        town, person = story.town, story.person
        host = town.platform.client(f"host{town.number}", f"host_{town.number}")
        now = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
        when = {"starts_at": now.isoformat(), "ends_at": (now + dt.timedelta(hours=1)).isoformat()}
        body = {
            "kind_key": "job_fair",
            "title": {"zh-CN": "别家招聘会", "en": "Another fair"},
            "organiser_id": story.fair.university["id"],
            "sessions": [{**when, "place": "礼堂", "capacity": 1}],
        }
        path = f"/v1/activities/{host.post('/v1/activities', body)['id']}"
        for move in ("publish", "open"):
            host.post(f"{path}/{move}", {})
        made = town.app.for_person(person).post(f"{path}/registrations", {"person_id": person})
        assert code_of(host.get, f"/v1/people/{person}") == (404, "talent.person_not_found")
        (shown,) = host.get(f"{path}/registrations", names="true")["items"]
        assert (shown["id"], shown["name_masked"]) == (made["id"], "欧阳*")
        assert host.get(f"{path}/registrations")["items"] == [made]
        assert host.get(f"/v1/registrations/{made['id']}/ticket")["holder"] == "欧阳*"
        audited = town.app.for_person(person).get(f"/v1/people/{person}/disclosures")["items"]
        purposes = {
            one["purpose"] for one in audited if (one["client_id"][:4], one["operation"]) == ("host", "read_names")
        }
        assert purposes == {"list_registrations_of_activity", "get_ticket"}

    def test_for_matchmaking_are_shown_to_nobody_else(self, town: Town) -> None:
        fair = Fair(town, capacity=1, kind_key="matchmaking")
        person = fair.student(1)
        made = fair.register(person)
        elsewhere = town.platform.client(f"all{town.number}", f"all_{town.number}", "registrations:read", "people:all")
        assert elsewhere.get("/v1/registrations", person_id=person)["items"] == []
        assert code_of(elsewhere.get, f"{fair.path}/registrations") == (404, "events.activity_not_found")
        assert town.client.get(f"{fair.path}/registrations")["items"] == [made]
        assert town.app.for_person(person).get("/v1/registrations")["items"] == [made]


class TestInboxes:
    def test_are_the_persons_alone(self, story: Story) -> None:
        person, app = story.person, story.town.app
        mine = app.for_person(person)
        path, wish = "/v1/people/{}/preferences", {"quiet_hours": None}
        (message, *_) = eventually(lambda: mine.get("/v1/messages", person_id=person)["items"], what="a message")
        for client in (story.stranger, story.town.client, app, app.for_person(story.other)):
            story.assert_unknown(client, "GET", "/v1/messages?person_id={}", person)
            story.assert_unknown(client, "GET", path, person)
            story.assert_unknown(client, "PUT", path, person, wish)
            story.assert_unknown(client, "POST", "/v1/messages/{}/read", message["id"], {})
        assert mine.get("/v1/messages", person_id=person, unread="true")["items"]
        assert mine.get(path.format(person))["version"] == 0


class TestTemplates:
    def test_are_replaced_by_who_governs_them_alone(self, story: Story) -> None:
        known = story.stranger.get("/v1/templates/entitlement_granted")
        body = {name: known[name] for name in ("event_type", "programme", "channels", "subject", "body", "enabled")}
        status, code = code_of(
            story.stranger.put, "/v1/templates/entitlement_granted", body, if_match=f'"v{known["version"]}"'
        )
        assert (status, code) == (403, "scope_missing")
        assert code_of(story.town.client.get, "/v1/deliveries") == (403, "scope_missing")


class TestOutsideReach:
    """What talent decides: these hold once it refuses a person the caller has nothing to do with."""

    def test_no_entitlement_and_no_pass_is_there(self, story: Story) -> None:
        known = story.entitlement["id"]
        for path in ("/v1/entitlements/{}", "/v1/entitlements/{}/pass"):
            story.assert_unknown(story.stranger, "GET", path, known)
        for path in ("entitlements", "redemptions", "registrations"):
            story.assert_unknown(story.stranger, "GET", f"/v1/{path}?person_id={{}}", story.person)
        another = story.town.app.for_person(story.other)
        story.assert_unknown(another, "GET", "/v1/entitlements?person_id={}", story.person)

    def test_nobody_is_registered(self, story: Story) -> None:
        path = f"{story.fair.path}/registrations"
        story.assert_unknown(story.stranger, "POST", path, story.other, {"person_id": "{}"})
        assert len(story.town.client.get(path)["items"]) == 1
