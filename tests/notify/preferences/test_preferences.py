"""Preferences: what a person wants, as set and as applied."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.ground.ids import uuid7
from chassis.store.versions import VersionStale
from chassis.store.work import Caller
from contracts import notify as schemas
from services.notify import preferences
from services.notify.people import NotThemselves
from services.notify.preferences.rules import PersonPreferences, ProgrammePreference, QuietHours, objection, quiet_until
from tests.notify.conftest import APP, CITY_QUIET, CLERK, UNWANTED, Office, themselves
from tests.support.threads import at_once

SHANGHAI = dt.timezone(dt.timedelta(hours=8))
TIMES = st.times().map(lambda time: time.replace(second=0, microsecond=0))


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"2026-11-{text}:00+08:00")


class TestPutPreferences:
    def test_are_the_citys_until_they_are_set(self, office: Office) -> None:
        person = uuid7()
        with office.work(caller=themselves(person)) as work:
            found = preferences.get_preferences(work, person_id=person, quiet_hours=CITY_QUIET)
        shown = schemas.Preferences().dump(found)
        assert (shown["version"], shown["quiet_hours"]) == (0, {"from": "22:00:00", "until": "08:00:00"})

    def test_read_back_as_they_were_set(self, office: Office) -> None:
        person = uuid7()
        loaded = schemas.PreferencesBody().load(
            {
                "language": "en",
                "programmes": {"job_fairs": {"enabled": False}},
                "quiet_hours": {"from": "21:00", "until": "07:30"},
            }
        )
        assert office.prefer(person, **loaded)["version"] == 1
        with office.work(caller=themselves(person)) as work:
            found = preferences.get_preferences(work, person_id=person, quiet_hours=CITY_QUIET)
            preference = preferences.preferences_of(work, [person], quiet_hours=CITY_QUIET)[person]
        assert schemas.Preferences().dump(found)["quiet_hours"] == {"from": "21:00:00", "until": "07:30:00"}
        assert preference.quiet_hours == QuietHours.parse("21:00", "07:30")
        assert preference.programmes == {"job_fairs": ProgrammePreference(enabled=False)}

    @pytest.mark.parametrize("caller", [CLERK, APP, replace(APP, subject="staff:zhang.san"), themselves(uuid7())])
    def test_are_seen_and_set_by_the_person_alone(self, office: Office, caller: Caller) -> None:
        person = uuid7()
        office.prefer(person, language="en")
        wish: dict[str, Any] = {"language": None, "programmes": {}, "quiet_hours": None}
        with office.work(caller=caller) as work:
            for whose in (person, uuid7()):
                with pytest.raises(NotThemselves):
                    preferences.get_preferences(work, person_id=whose, quiet_hours=CITY_QUIET)
                with pytest.raises(NotThemselves):
                    preferences.put_preferences(work, person_id=whose, version=1, **wish)
        assert office.count("select count(*) from preferences where language = 'en'") == 1

    def test_name_the_version_they_replace(self, office: Office) -> None:
        person = uuid7()
        office.prefer(person, version=0)
        assert office.prefer(person, version=1, programmes={"job_fairs": UNWANTED})["version"] == 2
        for stale in (None, 0, 1, 3):
            with pytest.raises(VersionStale):
                office.prefer(person, version=stale, language="en")
        assert office.count("select count(*) from history where subject = 'preferences'") == 2

    def test_the_same_again_changes_nothing(self, office: Office) -> None:
        person = uuid7()
        office.prefer(person)
        assert office.prefer(person, version=1)["version"] == 1

    @pytest.mark.parametrize("version", [None, 1])
    def test_of_two_at_once_one_is_refused(self, office: Office, version: int | None) -> None:
        person = uuid7()
        if version:
            office.prefer(person)

        def prefer(number: int) -> str:
            try:
                office.prefer(person, version=version, programmes={f"programme{number}": UNWANTED})
            except VersionStale:
                return "stale"
            return "set"

        assert sorted(at_once(prefer, 2)) == ["set", "stale"]

    @pytest.mark.parametrize("time", ["24:00", "8:00", "08:60", "", "08:00:60", "08:00:00.5"])
    def test_times_are_read_with_seconds_or_without_and_no_other_way(self, time: str) -> None:
        wrong = schemas.PreferencesBody().validate({"quiet_hours": {"from": time, "until": "08:00"}})
        assert "from" in wrong["quiet_hours"]


class TestQuietHours:
    @pytest.mark.parametrize(
        ("now", "until"),
        [
            ("23T21:59", None),
            ("23T22:00", "24T08:00"),
            ("23T23:59", "24T08:00"),
            ("24T00:00", "24T08:00"),
            ("24T07:59", "24T08:00"),
            ("24T08:00", None),
        ],
    )
    def test_run_over_midnight(self, now: str, until: str | None) -> None:
        assert quiet_until(CITY_QUIET, at(now)) == (at(until) if until else None)

    def test_within_a_day_and_none_at_all(self) -> None:
        noon = QuietHours.parse("12:30", "14:00")
        assert quiet_until(noon, at("23T13:00")) == at("23T14:00")
        assert quiet_until(noon, at("23T14:00")) is None
        assert quiet_until(QuietHours.parse("12:00", "12:00"), at("23T12:00")) is None
        assert quiet_until(None, at("23T03:00")) is None

    @given(start=TIMES, end=TIMES, now=st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2030, 1, 1)))
    def test_end_in_the_future_within_a_day_and_at_their_end(
        self, start: dt.time, end: dt.time, now: dt.datetime
    ) -> None:
        now = now.replace(tzinfo=SHANGHAI)
        quiet = QuietHours(start, end)
        until = quiet_until(quiet, now)
        if until is not None:
            assert now < until <= now + dt.timedelta(days=1)
            assert until.astimezone(SHANGHAI).time() == end
            assert quiet_until(quiet, until) is None


class TestObjection:
    def test_an_objection_is_named_and_without_one_everything_is_wanted(self) -> None:
        preference = PersonPreferences(
            quiet_hours=None,
            programmes={"a": ProgrammePreference(enabled=False), "b": ProgrammePreference(channels=("in_app",))},
        )
        assert objection(preference, programme="a", channel="in_app") == "programme_off"
        assert objection(preference, programme="b", channel="email") == "channel_unwanted"
        assert objection(preference, programme="b", channel="in_app") is None
        assert objection(preference, programme="c", channel="email") is None
