"""The story grows: a student has the pass, registers for a job fair, waits, moves up, gets a message each time, and checks in."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import Any

import pytest

from deploy.local.throwaway import eventually
from examples.client import ApiError
from tests.journeys.test_messages import await_messages, inbox
from tests.support.smtp_sink import Sink
from tests.support.towns import Town

Activity = dict[str, Any]
SOON = dt.timedelta(hours=1)


def subjects(town: Town, person: str) -> list[str]:
    return [message["subject"]["zh-CN"] for message in inbox(town, person)]


class Fair:
    """A job fair of a university that has students, and what happens around it."""

    def __init__(self, town: Town, *, capacity: int, **chosen: Any) -> None:
        self.town, self.university = town, town.organisation("university")
        self.title = f"金秋招聘会{town.number}"
        starts_at = dt.datetime.now(dt.UTC) + SOON
        body = {
            "kind_key": "job_fair",
            "title": {"zh-CN": self.title, "en": f"Autumn job fair {town.number}"},
            "organiser_id": self.university["id"],
            "open_to": [{"role": "student", "organisation_kind": "university"}],
            "sessions": [
                {
                    "starts_at": starts_at.isoformat(),
                    "ends_at": (starts_at + dt.timedelta(hours=4)).isoformat(),
                    "place": "大学城体育馆",
                    "capacity": capacity,
                }
            ],
            **chosen,
        }
        self.activity = eventually(lambda: self._created(body), what="an organiser events has heard of")
        self.path = f"/v1/activities/{self.activity['id']}"
        for move in ("publish", "open"):
            self.activity = town.client.post(f"{self.path}/{move}", {})

    def _created(self, body: dict[str, Any]) -> Activity | None:
        try:
            return dict(self.town.client.post("/v1/activities", body))
        except ApiError as error:
            if error.problem["code"] != "not_yet_known":
                raise
            return None

    def move(self, **changed: Any) -> None:
        """Change its one session, as it is read."""
        known = self.town.client.get(self.path)
        changed = {name: value.isoformat() if name.endswith("_at") else value for name, value in changed.items()}
        body = {"sessions": [{**known["sessions"][0], **changed}]}
        self.town.client.patch(self.path, body, if_match=f'"v{known["version"]}"')

    def held(self) -> Activity | None:
        try:
            return dict(self.town.client.post(f"{self.path}/hold", {}))
        except ApiError as error:
            if error.problem["code"] != "events.activity_not_begun":
                raise
            return None

    def student(self, number: int) -> str:
        return self.town.student(self.university, email=f"fair{self.town.number}.{number}@example.com")

    def register(self, person: str) -> dict[str, Any]:
        def registered() -> dict[str, Any] | None:
            try:
                return dict(self.town.client.post(f"{self.path}/registrations", {"person_id": person}))
            except ApiError as error:
                # the affiliation is on its way to events
                if error.problem["code"] not in ("not_yet_known", "events.not_eligible"):
                    raise
                return None

        return dict(eventually(registered, what="the registration"))

    def get(self, registration: dict[str, Any]) -> dict[str, Any]:
        return dict(self.town.client.get(f"/v1/registrations/{registration['id']}"))

    def ticket(self, registration: dict[str, Any]) -> str:
        return str(self.town.client.get(f"/v1/registrations/{registration['id']}/ticket")["token"])

    def scan(self, ticket: str, nonce: str) -> dict[str, Any]:
        return dict(self.town.client.post("/v1/checkins", {"ticket": ticket, "nonce": nonce}))


FIGURE = {
    "number": "J1",
    "key": "journey.fairs",
    "name": {"zh-CN": "招聘会", "en": "Job fairs"},
    "unit": "session",
    "classifier": "场",
    "count": "sessions",
    "kind": "flow",
    "of": {"mechanism": "activities", "kinds": ["job_fair"]},
    "display": {"qualifier": "exact", "numerals": "digits"},
}
PROGRAMME = {
    "title": {"zh-CN": "招聘会", "en": "Job fairs"},
    "status": "running",
    "chapter": "journeys",
    "position": 1,
    "clause": {"section": "1", "text": {"zh-CN": "举办招聘会。", "en": "Job fairs are held."}},
    "figures": [FIGURE],
}


def held(town: Town) -> int:
    """The figure of a programme of the test's own."""
    with contextlib.suppress(ApiError):  # it is there already
        town.client.put("/v1/programmes/J01", PROGRAMME, if_none_match="*")
    (found,) = town.client.get("/v1/figures", key="journey.fairs")["items"]
    return int(found["value"] or 0)


def test_a_student_waits_moves_up_gets_messages_and_checks_in(town: Town, mails: Sink) -> None:
    fair = Fair(town, capacity=1)
    first, second = fair.student(1), fair.student(2)
    seated, waiting = fair.register(first), fair.register(second)
    assert (seated["state"], seated["position"]) == ("confirmed", None)
    assert (waiting["state"], waiting["position"]) == ("waiting", 1)
    assert await_messages(town, first, 1) and subjects(town, first) == [f"报名成功：{fair.title}"]
    (message,) = await_messages(town, second, 1)
    assert message["subject"]["zh-CN"] == f"已进入候补：{fair.title}" and "第1位" in message["body"]["zh-CN"]

    with pytest.raises(ApiError) as refused:
        town.client.post(f"{fair.path}/registrations", {"person_id": second})
    assert (refused.value.status, refused.value.problem["code"]) == (409, "events.already_registered")
    with pytest.raises(ApiError) as no_ticket:
        fair.ticket(waiting)
    assert no_ticket.value.problem["code"] == "events.no_ticket"

    assert town.client.post(f"/v1/registrations/{seated['id']}/cancel")["state"] == "cancelled"
    assert fair.get(waiting)["state"] == "confirmed"
    await_messages(town, second, 2)
    assert sorted(subjects(town, second)) == sorted([f"已进入候补：{fair.title}", f"候补成功：{fair.title}"])
    address = f"fair{town.number}.2@example.com"
    eventually(lambda: len(mails.to(address)) == 2, what="two mails")

    ticket = fair.ticket(waiting)
    admitted = fair.scan(ticket, "at-the-door")
    assert (admitted["outcome"], admitted["holder"]) == ("admitted", "欧阳*")
    assert fair.scan(ticket, "at-the-door")["id"] == admitted["id"]
    with pytest.raises(ApiError) as again:
        fair.scan(ticket, "a-second-time")
    assert (again.value.status, again.value.problem["code"]) == (409, "events.checked_in_before")


def test_a_fair_counts_once_it_is_held(town: Town) -> None:
    before = held(town)
    fair = Fair(town, capacity=5)
    registration = fair.register(fair.student(1))
    with pytest.raises(ApiError) as refused:
        town.client.post(f"{fair.path}/hold", {})
    assert refused.value.problem["code"] == "events.activity_not_begun"
    assert held(town) == before
    fair.move(starts_at=dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2))
    assert fair.scan(fair.ticket(registration), "in")["outcome"] == "admitted"
    assert eventually(fair.held, what="a fair that has begun")["state"] == "held"
    assert held(town) == before + 1
    reported = town.client.post(f"{fair.path}/report", {"attendance_stated": 40})
    assert reported["attendance"] == {"counted": 1, "stated": 40}


def test_a_cancelled_activity_tells_everybody_once(town: Town, mails: Sink) -> None:
    fair = Fair(town, capacity=2)
    people = [fair.student(number) for number in range(4)]
    registrations = [fair.register(person) for person in people]
    assert town.client.post(f"{fair.path}/cancel", {"reason": "场馆检修"})["state"] == "cancelled"
    for registration in registrations:
        eventually(lambda one=registration: fair.get(one)["state"] == "voided", what="a voided registration")
    for number, person in enumerate(people):
        await_messages(town, person, 2)
        assert subjects(town, person).count(f"活动取消：{fair.title}") == 1
        address = f"fair{town.number}.{number}@example.com"
        eventually(lambda at=address: len(mails.to(at)) == 2, what="two mails")
    with pytest.raises(ApiError) as refused:
        town.client.post(f"{fair.path}/registrations", {"person_id": people[0]})
    assert refused.value.problem["code"] == "events.registration_closed"


def test_a_fair_put_off_cancelled_and_reopened_tells_everybody_and_their_tickets_still_open_the_door(
    town: Town,
) -> None:
    fair = Fair(town, capacity=1)
    people = [fair.student(number) for number in range(2)]
    seated, _ = (fair.register(person) for person in people)
    ticket = fair.ticket(seated)
    later = dt.datetime.now(dt.UTC) + 2 * SOON
    fair.move(starts_at=later, ends_at=later + 9 * SOON, place="图书馆报告厅")
    (session,) = town.client.get(fair.path)["sessions"]
    town.client.post(f"{fair.path}/sessions/{session['id']}/cancel", {"reason": "停电"})
    with pytest.raises(ApiError) as called_off:
        fair.scan(ticket, "while-cancelled")
    assert called_off.value.problem["code"] == "events.session_called_off"
    town.client.post(f"{fair.path}/sessions/{session['id']}/reopen", {})
    for person in people:
        await_messages(town, person, 4)
        assert subjects(town, person)[1:] == [
            f"活动有变更：{fair.title}",
            f"场次取消：{fair.title}",
            f"场次恢复举办：{fair.title}",
        ]
        messages = inbox(town, person)[1:]
        assert {one["class"] for one in messages} == {"urgent"}
        told = messages[0]["body"]["zh-CN"]
        assert "大学城体育馆" in told and "图书馆报告厅" in told and "入场凭证仍然有效" in told
    checkin = fair.scan(ticket, "by-mistake")
    assert checkin["outcome"] == "admitted"
    revoked = town.client.post(f"/v1/checkins/{checkin['id']}/revoke", {"reason": "误扫"})
    assert revoked["revoke_reason"] == "误扫"
    assert fair.scan(ticket, "in-earnest")["outcome"] == "admitted"


def test_an_offer_is_refused_and_goes_to_the_next_who_accepts(town: Town) -> None:
    fair = Fair(town, capacity=1, promotion="offer", offer_hours=1)
    seated, second, third = (fair.register(fair.student(number)) for number in range(3))
    town.client.post(f"/v1/registrations/{seated['id']}/cancel")
    offered = fair.get(second)
    assert offered["state"] == "offered" and offered["offer_expires_at"]
    assert town.client.post(f"/v1/registrations/{second['id']}/refuse")["state"] == "refused"
    assert fair.get(third)["state"] == "offered"
    assert town.client.post(f"/v1/registrations/{third['id']}/accept")["state"] == "confirmed"
    with pytest.raises(ApiError) as refused:
        town.client.post(f"/v1/registrations/{second['id']}/accept")
    assert refused.value.problem["code"] == "events.no_offer"


def test_a_fair_is_open_to_students_alone(town: Town) -> None:
    fair = Fair(town, capacity=1)
    stranger = fair.student(1)
    member_of = town.organisation("enterprise")
    other = town.student(member_of, role="employee")
    fair.register(stranger)
    eventually(lambda: _refusal(town, fair, other) == "events.not_eligible", what="a refusal")


def _refusal(town: Town, fair: Fair, person: str) -> str:
    with pytest.raises(ApiError) as refused:
        town.client.post(f"{fair.path}/registrations", {"person_id": person})
    return str(refused.value.problem["code"])
