"""What a client of the gateway sees of activities, registrations and check-ins."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest

from deploy.local.throwaway import eventually
from examples.client import ApiError
from tests.events.registrations.test_process_races import insisting
from tests.support.qr_codes import read_qr_code
from tests.support.towns import Town
from tests.support.towns import town as town

Answer = dict[str, Any]


def body(organiser_id: str, *, hours: int = 1, **more: Any) -> Answer:
    starts_at = dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours)
    session = {
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + dt.timedelta(hours=4)).isoformat(),
        "place": "体育馆",
        "capacity": 1,
    }
    title = {"zh-CN": "座谈", "en": "Talk"}
    return {"kind_key": "talk", "title": title, "organiser_id": organiser_id, "sessions": [session], **more}


def refused(call: Any, *arguments: Any, **named: Any) -> ApiError:
    with pytest.raises(ApiError) as error:
        call(*arguments, **named)
    return error.value


@pytest.fixture
def talk(town: Town) -> Answer:
    """An activity that takes registrations."""
    made = insisting(town.client, "/v1/activities", body(town.organisation("university")["id"]))
    for move in ("publish", "open"):
        made = dict(town.client.post(f"/v1/activities/{made['id']}/{move}", {}))
    return made


@pytest.fixture
def seated(town: Town, talk: Answer) -> Answer:
    """A registration with the seat."""
    person = town.student(town.organisation("university"))
    return insisting(town.client, f"/v1/activities/{talk['id']}/registrations", {"person_id": person})


class TestActivities:
    def test_carry_their_version_as_etag_and_are_changed_from_it(self, town: Town, talk: Answer) -> None:
        path = f"/v1/activities/{talk['id']}"
        status, headers, found = town.client.send("GET", path)
        assert (status, headers["ETag"], found["state"]) == (200, '"v3"', "open")
        assert refused(town.client.send, "GET", path, None, {"If-None-Match": '"v3"'}).status == 304
        assert refused(town.client.send, "PATCH", path, {"offer_hours": 2}).status in (415, 428)
        changed = town.client.patch(path, {"offer_hours": 2}, if_match='"v3"')
        assert (changed["offer_hours"], changed["version"]) == (2, 4)
        assert refused(town.client.patch, path, {"offer_hours": 3}, if_match='"v3"').status == 412

    def test_belong_to_their_department(self, town: Town, talk: Answer) -> None:
        others = town.platform.client(f"others{town.number}", "another_department")
        path = f"/v1/activities/{talk['id']}"
        assert others.get(path)["id"] == talk["id"]
        for error in (
            refused(others.patch, path, {"offer_hours": 2}, if_match='"v3"'),
            refused(others.post, f"{path}/cancel", {"reason": "x"}),
        ):
            assert (error.status, error.problem["code"]) == (403, "events.not_your_activity")

    def test_refuse_what_talent_does_not_know_and_wait_for_what_it_does(self, town: Town, talk: Answer) -> None:
        error = refused(town.client.post, "/v1/activities", body(str(uuid.uuid4())))
        assert (error.status, error.problem["code"]) == (404, "events.organiser_not_known")
        path = f"/v1/activities/{talk['id']}/registrations"
        error = refused(town.client.post, path, {"person_id": str(uuid.uuid4())})
        assert (error.status, error.problem["code"]) == (404, "events.person_not_known")

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"sessions": []}, "#/sessions"),
            ({"open_to": [{}]}, "#/open_to/0"),
            ({"promotion": "lottery"}, "#/promotion"),
            ({"offer_hours": 0}, "#/offer_hours"),
            (
                {"sessions": [{"starts_at": "2026-11-23T10:00:00", "ends_at": "2026-11-23T12:00:00Z", "capacity": 1}]},
                None,
            ),
            (
                {"sessions": [{"starts_at": "2026-11-23T12:00:00Z", "ends_at": "2026-11-23T10:00:00Z", "capacity": 1}]},
                None,
            ),
        ],
    )
    def test_say_where_a_body_is_wrong(self, town: Town, change: Answer, pointer: str | None) -> None:
        error = refused(town.client.post, "/v1/activities", body(str(uuid.uuid4()), **change))
        assert error.status == 422
        pointers = [one["pointer"] for one in error.problem["errors"]]
        assert pointers == [pointer] if pointer else pointers[0].startswith("#/sessions/0/")

    def test_have_kinds_that_can_be_put(self, town: Town) -> None:
        path = f"/v1/activity-kinds/hackathon_{town.number}"
        kind = {"name": {"zh-CN": "黑客松", "en": "Hackathon"}, "programme": "startup_activities"}
        assert town.client.put(path, kind, if_none_match="*")["version"] == 1
        assert refused(town.client.put, path, kind).status == 428
        assert town.client.put(path, kind, if_match='"v1"')["version"] == 2
        assert {"talk", "job_fair"} <= {one["key"] for one in town.client.get("/v1/activity-kinds")["items"]}


class TestRegistrations:
    def test_can_be_read_by_activity_and_by_person(self, town: Town, talk: Answer, seated: Answer) -> None:
        of_activity = town.client.get(f"/v1/activities/{talk['id']}/registrations", state="confirmed")["items"]
        of_person = town.client.get("/v1/registrations", person_id=seated["person_id"])["items"]
        assert of_activity == of_person == [town.client.get(f"/v1/registrations/{seated['id']}")]
        (session,) = town.client.get(f"/v1/activities/{talk['id']}/sessions")["items"]
        assert (session["seats_taken"], session["waiting"]) == (1, 0)

    def test_show_the_place_in_the_list_as_it_is_now(self, town: Town, talk: Answer, seated: Answer) -> None:
        """Whatever version of it a client holds: the record itself does not change when others leave."""
        path, university = f"/v1/activities/{talk['id']}/registrations", town.organisation("university")
        people = [town.student(university) for _ in range(2)]
        first, second = (insisting(town.client, path, {"person_id": person}) for person in people)
        town.client.post(f"/v1/registrations/{first['id']}/cancel")
        headers = {"If-None-Match": f'"v{second["version"]}"'}
        status, _, found = town.client.send("GET", f"/v1/registrations/{second['id']}", None, headers)
        assert (status, found["position"], found["version"]) == (200, 1, second["version"])

    def test_are_refused_twice_and_the_same_key_gets_the_same(self, town: Town, talk: Answer, seated: Answer) -> None:
        path = f"/v1/activities/{talk['id']}/registrations"
        error = refused(town.client.post, path, {"person_id": seated["person_id"]})
        assert (error.status, error.problem["code"]) == (409, "events.already_registered")
        person = town.student(town.organisation("university"))
        key = str(uuid.uuid4())
        first = eventually(lambda: _known(town, path, person, key), what="a person events has heard of")
        assert town.client.post(path, {"person_id": person}, key=key)["id"] == first["id"]


def _known(town: Town, path: str, person: str, key: str) -> Answer | None:
    try:
        return dict(town.client.post(path, {"person_id": person}, key=key))
    except ApiError as error:
        if error.problem["code"] != "not_yet_known":
            raise
        return None


class TestTheDoor:
    def test_reads_the_ticket_as_a_qr_code(self, town: Town, seated: Answer) -> None:
        path = f"/v1/registrations/{seated['id']}/ticket"
        issued = town.client.get(path)
        assert issued["holder"].startswith("欧阳") and issued["key_id"].startswith("ticket_signing")
        _, headers, drawn = town.client.send("GET", path, None, {"Accept": "image/svg+xml"})
        assert headers["Content-Type"].startswith("image/svg+xml") and headers["Cache-Control"] == "no-store"
        assert read_qr_code(drawn).count(".") == 2

    def test_answers_a_refused_scan_with_its_check_in(self, town: Town, seated: Answer) -> None:
        ticket = town.client.get(f"/v1/registrations/{seated['id']}/ticket")["token"]
        status, _, first = town.client.send("POST", "/v1/checkins", {"ticket": ticket, "nonce": "n1"})
        assert (status, first["outcome"]) == (201, "admitted")
        status, _, again = town.client.send("POST", "/v1/checkins", {"ticket": ticket, "nonce": "n1"})
        assert (status, again["id"]) == (200, first["id"])
        error = refused(town.client.post, "/v1/checkins", {"ticket": ticket, "nonce": "n2"})
        assert (error.status, error.problem["code"]) == (409, "events.checked_in_before")
        assert error.problem["checkin"]["outcome"] == "refused" and isinstance(error.problem["checkin"]["reason"], str)
