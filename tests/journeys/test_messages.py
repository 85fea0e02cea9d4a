"""Messages to students: in the inbox at once, by e-mail when it suits them, whatever is down. Counted at a real SMTP server."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from chassis.ground.clock import SHANGHAI
from deploy.local.throwaway import eventually
from examples.client import ApiError
from tests.support.smtp_sink import Sink
from tests.support.towns import Town

University = dict[str, Any]


@pytest.fixture
def served(town: Town) -> tuple[Town, University]:
    """A university under a published scheme."""
    university = town.organisation("university")
    town.put_set(town.universities_key, [university])
    town.put_set(town.areas_key, [town.organisation("scenic_area")])
    town.publish_scheme()
    return town, university


def inbox(town: Town, person: str) -> list[dict[str, Any]]:
    return list(town.app.for_person(person).get("/v1/messages", person_id=person)["items"])


def await_messages(town: Town, person: str, count: int) -> list[dict[str, Any]]:
    found = eventually(lambda: listed if len(listed := inbox(town, person)) >= count else None, what="the message")
    assert len(found) == count
    return list(found)


def deliveries(town: Town, person: str, channel: str = "email") -> list[dict[str, Any]]:
    return list(town.operator.get("/v1/deliveries", person_id=person, channel=channel)["items"])


def await_state(town: Town, person: str, state: str, *, number: int = 0) -> dict[str, Any]:
    def reached() -> dict[str, Any] | None:
        found = deliveries(town, person)
        return found[number] if len(found) > number and found[number]["state"] == state else None

    return dict(eventually(reached, what=f"an e-mail {state}"))


def prefer(town: Town, person: str, **changes: Any) -> None:
    path, app = f"/v1/people/{person}/preferences", town.app.for_person(person)
    known = app.get(path)
    body = {"language": None, "programmes": {}, "quiet_hours": None, **changes}
    condition = {"if_match": f'"v{known["version"]}"'} if known["version"] else {"if_none_match": "*"}
    app.put(path, body, **condition)


def clock(hours: int) -> str:
    return f"{dt.datetime.now(SHANGHAI) + dt.timedelta(hours=hours):%H:%M}"


@pytest.fixture
def urgent_suspension(town: Town) -> Iterator[None]:
    """The template of a suspended entitlement made urgent, for one journey."""
    path = "/v1/templates/entitlement_suspended"
    _put_class(town, path, "urgent")
    yield
    _put_class(town, path, "normal")


def _put_class(town: Town, path: str, wanted: str) -> None:
    known = town.client.get(path)
    body = {name: known[name] for name in ("event_type", "programme", "channels", "subject", "body", "enabled")}
    town.client.put(path, {**body, "class": wanted}, if_match=f'"v{known["version"]}"')


def test_a_student_gets_a_message_about_the_pass(served: tuple[Town, University], mails: Sink) -> None:
    town, university = served
    address = f"student{town.number}@example.com"
    person = town.student(university, email=address)
    (message,) = await_messages(town, person, 1)
    assert message["subject"] == {"zh-CN": "您已获得“免首道门票”", "en": "You have been granted: Free first gate"}
    assert (message["programme"], message["class"], message["read_at"]) == (town.scheme_key, "normal", None)
    delivery = await_state(town, person, "delivered")
    assert (delivery["recipient"], delivery["attempts"]) == ("s***@example.com", 1)
    (mail,) = mails.to(address)
    assert mail.subject == message["subject"]["zh-CN"] and "免申即享" in mail.body
    assert "欧阳" not in str(message) and address not in str(delivery)
    app = town.app.for_person(person)
    read = app.post(f"/v1/messages/{message['id']}/read")
    assert read["read_at"] and app.post(f"/v1/messages/{message['id']}/read")["read_at"] == read["read_at"]
    assert app.get("/v1/messages", person_id=person, unread="true")["items"] == []


def test_while_talent_is_down_messages_wait_and_then_all_are_sent(served: tuple[Town, University], mails: Sink) -> None:
    town, university = served
    addresses = [f"waiting{town.number}.{number}@example.com" for number in range(6)]
    people = [town.student(university, email=address) for address in addresses]
    for person in people:
        await_state(town, person, "delivered")
    for number in range(2):
        town.platform.stop(f"talent-{number}")
    try:
        town.publish_scheme(f"{town.scheme_key}_more")
        for person in people:
            await_messages(town, person, 2)
            waiting = eventually(
                lambda person=person: [
                    one for one in deliveries(town, person) if one["reason"] == "contacts_unavailable"
                ],
                what="an e-mail that waits",
            )
            assert [(one["state"], one["attempts"]) for one in waiting] == [("due", 0)]
    finally:
        for number in range(2):
            town.platform.start_service("talent", f"talent-{number}")
        for number in range(2):
            town.platform.wait_for(f"talent-{number}")
    for person, address in zip(people, addresses, strict=True):
        assert await_state(town, person, "delivered", number=1)["attempts"] == 1
        assert len(mails.to(address)) == 2
    assert mails.repeated() == []


def test_quiet_hours_hold_mails_back_but_not_an_urgent_one_nor_the_inbox(
    served: tuple[Town, University], mails: Sink, urgent_suspension: None
) -> None:
    town, university = served
    address = f"sleeper{town.number}@example.com"
    person = town.student(university, email=address, role="volunteer")
    prefer(town, person, quiet_hours={"from": clock(-1), "until": clock(1)})
    student = town.affiliate(person, university)
    await_messages(town, person, 1)
    (held,) = deliveries(town, person)
    assert held["state"] == "due"
    assert dt.datetime.fromisoformat(held["not_before"]) > dt.datetime.now(SHANGHAI)
    town.client.post(f"/v1/affiliations/{student['id']}/end", {})
    await_messages(town, person, 2)
    await_state(town, person, "delivered", number=1)
    assert [mail.subject for mail in mails.to(address)] == ["“免首道门票”已暂停"]
    assert deliveries(town, person)[0]["state"] == "due"
    town.platform.start_service("notify", "notify-later", "timers", CLOCK_AHEAD_SECONDS="7200")
    try:
        await_state(town, person, "delivered", number=0)
    finally:
        town.platform.stop("notify-later")
    assert [mail.subject for mail in mails.to(address)] == ["“免首道门票”已暂停", "您已获得“免首道门票”"]


def test_a_programme_switched_off_tells_nothing_until_it_is_on_again(
    served: tuple[Town, University], mails: Sink
) -> None:
    town, university = served
    address = f"uninterested{town.number}@example.com"
    person = town.student(university, email=address, role="volunteer")
    prefer(town, person, programmes={town.scheme_key: {"enabled": False}})
    student = town.affiliate(person, university)
    town.await_entitlement(person)
    assert await_state(town, person, "suppressed")["reason"] == "programme_off"
    assert inbox(town, person) == [] and mails.to(address) == []
    prefer(town, person, programmes={town.scheme_key: {"enabled": True}})
    town.client.post(f"/v1/affiliations/{student['id']}/end", {})
    (message,) = await_messages(town, person, 1)
    assert message["event_type"] == "perks.entitlement.suspended.v1"
    await_state(town, person, "delivered", number=1)
    assert len(mails.to(address)) == 1


def test_a_refused_mail_is_seen_by_a_clerk_who_may_have_it_sent_again(
    served: tuple[Town, University], mails: Sink
) -> None:
    town, university = served
    person = town.student(university, email=f"refused{town.number}@example.com")
    failed = await_state(town, person, "failed")
    assert (failed["reason"], failed["recipient"]) == ("smtp_550", "r***@example.com")
    again = town.operator.post(f"/v1/deliveries/{failed['id']}/resend")
    assert again["state"] == "due"
    assert await_state(town, person, "failed")["id"] == failed["id"]
    (in_app,) = deliveries(town, person, "in_app")
    with pytest.raises(ApiError) as refused:
        town.operator.post(f"/v1/deliveries/{in_app['id']}/resend")
    assert (refused.value.status, refused.value.problem["code"]) == (409, "notify.delivery_not_resendable")
    assert town.operator.get(f"/v1/deliveries/{failed['id']}")["attempts"] == 1


class TestTemplates:
    BODY = {
        "event_type": "perks.entitlement.granted.v1",
        "channels": ["log"],
        "subject": {"zh-CN": "{{ scheme_name }}", "en": "{{ scheme_name }}"},
        "body": {"zh-CN": "{{ scheme_name }}", "en": "{{ scheme_name }}"},
        "enabled": False,
    }

    def test_are_published_in_versions_under_conditions(self, town: Town) -> None:
        path = f"/v1/templates/town_{town.number}"
        made = town.client.put(path, self.BODY, if_none_match="*")
        assert (made["version"], made["created"], made["class"]) == (1, True, "normal")
        changed = {**self.BODY, "class": "urgent"}
        for condition, status in (({}, 428), ({"if_match": '"v9"'}, 412), ({"if_none_match": "*"}, 412)):
            with pytest.raises(ApiError) as refused:
                town.client.put(path, changed, **condition)
            assert refused.value.status == status
        assert town.client.put(path, changed, if_match='"v1"')["version"] == 2
        status, headers, _ = town.client.send("GET", path)
        assert (status, headers["ETag"]) == (200, '"v2"')
        assert path.rpartition("/")[2] in [one["key"] for one in town.client.get("/v1/templates")["items"]]

    @pytest.mark.parametrize("language", ["zh-CN", "en"])
    def test_with_an_unknown_placeholder_are_refused_by_its_name(self, town: Town, language: str) -> None:
        body = {**self.BODY, "body": {**self.BODY["body"], language: "{{ real_name }}"}}  # type: ignore[dict-item]
        headers = {"If-None-Match": "*", "Accept-Language": language}
        with pytest.raises(ApiError) as refused:
            town.client.send("PUT", f"/v1/templates/wrong_{town.number}", body, headers)
        (error,) = refused.value.problem["errors"]
        assert (refused.value.status, error["pointer"]) == (422, f"#/body/{language}")
        assert "real_name" in str(error) and ("没有" in str(error)) is (language == "zh-CN")

    def test_that_are_not_there_are_not_found(self, town: Town) -> None:
        with pytest.raises(ApiError) as refused:
            town.client.get("/v1/templates/unheard_of")
        assert refused.value.problem["code"] == "notify.template_not_found"
