"""Templates: what is refused, versions that never change, and the seeded ones held against the events they speak of."""

from __future__ import annotations

from typing import Any

import pytest

from chassis.broker import topology
from chassis.ground.ids import uuid7
from chassis.store.versions import VersionStale
from contracts import notify as schemas
from contracts.catalogue import EVENTS
from services.notify import templates
from services.notify.templates import TemplateInvalid, TemplateNotFound
from tests.notify.conftest import GRANTED, TEMPLATE, Office, granted


def both(text: str) -> dict[str, str]:
    return {"zh-CN": text, "en": text}


class TestSeededTemplates:
    def test_fit_the_events_they_are_bound_to(self, office: Office) -> None:
        with office.work() as work:
            seeded = templates.list_templates(work)["items"]
        assert seeded
        for one in seeded:
            assert list(templates.flaws_of(one)) == [], one["key"]
            assert schemas.TemplateBody().validate(schemas.TemplateBody().dump(one)) == {}, one["key"]

    def test_cover_every_announced_event(self, office: Office) -> None:
        with office.work() as work:
            bound = templates.bound_to(work, EVENTS)
        assert set(bound) == set(topology.consumed_types(templates.HANDLER))

    def test_every_event_that_may_become_a_message_names_a_person(self) -> None:
        for event_type in topology.consumed_types(templates.HANDLER):
            assert EVENTS[event_type].loader.fields["person_id"].required, event_type


class TestPutTemplate:
    def test_publishes_versions_that_stay_as_they_were(self, office: Office) -> None:
        first = office.put_template()
        second = office.put_template(version=1, body=both("{{ scheme_key }}"))
        assert (first["created"], first["version"], second["created"], second["version"]) == (True, 1, False, 2)
        assert office.count("select count(*) from templates where key = 'told'") == 2
        assert office.count("select count(*) from history where subject = 'template'") == 2

    def test_the_same_again_changes_nothing(self, office: Office) -> None:
        office.put_template()
        assert office.put_template(version=1)["version"] == 1
        assert office.count("select count(*) from templates where key = 'told'") == 1

    @pytest.mark.parametrize("version", [None, 2])
    def test_refuses_to_replace_another_version_than_the_current_one(self, office: Office, version: int | None) -> None:
        office.put_template()
        with pytest.raises(VersionStale):
            office.put_template(version=version, enabled=False)

    @pytest.mark.parametrize(
        ("changes", "pointer", "code"),
        [
            ({"body": {**both("{{ scheme_key }}"), "en": "{{ nonsense }}"}}, "#/body/en", "unknown_placeholder"),
            ({"subject": both("{{ person.name }}")}, "#/subject/zh-CN", "not_a_placeholder"),
            ({"body": both("{{ state | upper }}")}, "#/body/zh-CN", "not_a_placeholder"),
            ({"body": both("{% for x in state %}{{ x }}{% endfor %}")}, "#/body/zh-CN", "not_a_placeholder"),
            ({"body": both("{{ state")}, "#/body/zh-CN", "bad_template"),
            ({"body": both("{% include 'x' %}")}, "#/body/zh-CN", "not_a_placeholder"),
            ({"event_type": "talent.person.registered.v1"}, "#/event_type", "unknown_event_type"),
            ({"event_type": "no.such.event.v1"}, "#/event_type", "unknown_event_type"),
            ({"channels": ["in_app", "in_app"]}, "#/channels", "duplicate"),
        ],
    )
    def test_points_at_what_is_wrong_in_both_languages(
        self, office: Office, changes: dict[str, Any], pointer: str, code: str
    ) -> None:
        with pytest.raises(TemplateInvalid) as refused:
            office.put_template(**changes)
        errors = refused.value.to_wire()["errors"]
        assert (errors[0]["pointer"], errors[0]["code"]) == (pointer, code)
        assert all(error["zh"] and error["en"] for error in errors)
        if code == "unknown_placeholder":
            assert all("nonsense" in errors[0][language] for language in ("zh", "en"))
        assert office.count("select count(*) from templates where key = 'told'") == 0

    def test_that_is_not_there_is_not_found(self, office: Office) -> None:
        with office.work() as work, pytest.raises(TemplateNotFound):
            templates.get_template(work, key="unheard_of")


class TestRendering:
    def test_speaks_both_languages_and_leaves_open_what_the_event_does(self, office: Office) -> None:
        person = uuid7()
        office.only_template(body=both("{{ scheme_name }} / {{ scheme_version }}"))
        office.hear(granted(person, scheme_name=None), granted(person))
        open_one, named = office.inbox(person)
        assert named["subject"] == {"zh-CN": "已获得免首道门票", "en": "Granted: Free first gate"}
        assert named["body"] == {"zh-CN": "免首道门票 / 1", "en": "Free first gate / 1"}
        assert open_one["body"] == {"zh-CN": "待定 / 1", "en": "to be announced / 1"}

    def test_what_an_event_says_is_never_read_as_a_template_and_a_subject_stays_one_line(self, office: Office) -> None:
        person = uuid7()
        office.only_template()
        sly = {"zh-CN": "{{ state }}\r\nBcc: x@example.com", "en": "<b>{% raw %}</b>"}
        office.hear(granted(person, scheme_name=sly))
        (message,) = office.inbox(person)
        assert message["subject"]["zh-CN"] == "已获得{{ state }} Bcc: x@example.com"
        assert message["body"]["en"] == "You have <b>{% raw %}</b>."

    def test_a_disabled_template_makes_no_message_and_a_new_version_does_from_then_on(self, office: Office) -> None:
        person = uuid7()
        office.only_template(enabled=False)
        office.hear(granted(person))
        assert office.inbox(person) == []
        office.put_template(version=1, enabled=True)
        office.hear(granted(person))
        assert [message["template_version"] for message in office.inbox(person)] == [2]
        assert TEMPLATE["event_type"] == GRANTED
