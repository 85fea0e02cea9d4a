"""The story of the platform, told over HTTP on real processes: two of each service."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest

from deploy.local.throwaway import eventually
from examples.client import ApiError
from tests.support.qr_codes import read_qr_code
from tests.support.towns import Town


def scan(town: Town, token: str, area: dict[str, Any], nonce: str) -> dict[str, Any]:
    body = {"pass": token, "place_id": area["id"], "nonce": nonce}
    return dict(town.client.post("/v1/redemptions", body))


def refused(town: Town, token: str, area: dict[str, Any], nonce: str) -> ApiError:
    with pytest.raises(ApiError) as error:
        scan(town, token, area, nonce)
    return error.value


@pytest.fixture
def served(town: Town) -> tuple[Town, dict[str, Any], dict[str, Any]]:
    """A university and an area that serves it, under a published scheme."""
    university, area = town.organisation("university"), town.organisation("scenic_area")
    town.put_set(town.universities_key, [university])
    town.put_set(town.areas_key, [area])
    town.publish_scheme()
    return town, university, area


def test_a_roster_goes_in_and_the_gate_opens(served: tuple[Town, dict[str, Any], dict[str, Any]]) -> None:
    town, university, area = served
    path, numbers = town.roster(university, 30)
    trial = town.upload(path, mode="dry_run")
    assert (trial["counts"]["accepted"], trial["applied"]) == (30, False)
    imported = town.upload(path)
    assert (imported["state"], imported["counts"]["accepted"]) == ("done", 30)
    assert town.client.send("GET", f"/v1/imports/{imported['id']}/workbook")[2][:2] == b"PK"
    person = town.person_of(imported["id"])
    shown = town.client.get(f"/v1/people/{person}")
    assert shown["id_number_masked"].count("*") == 8
    assert shown["name_masked"] == "张*"
    entitlement = town.await_entitlement(person)
    assert entitlement["reasons"][0]["met"] is True
    token = town.pass_of(entitlement)
    first = scan(town, token, area, "n1")
    assert (first["outcome"], first["holder"]) == ("admitted", "张*")
    assert scan(town, token, area, "n1")["id"] == first["id"]
    again = refused(town, token, area, "n2")
    assert (again.status, again.problem["code"]) == (409, "perks.limit_reached")
    assert refused(town, token, area, "n2").problem["redemption"]["id"] == again.problem["redemption"]["id"]
    listed = town.client.get("/v1/people", limit=200)["items"]
    assert len(listed) >= 30
    assert all(number not in str(listed) for number in numbers)


def test_the_pass_is_a_qr_code_a_scanner_reads(served: tuple[Town, dict[str, Any], dict[str, Any]]) -> None:
    town, university, _ = served
    entitlement = town.await_entitlement(town.student(university))
    path = f"/v1/entitlements/{entitlement['id']}/pass"
    status, headers, svg = town.client.send("GET", path, headers={"Accept": "image/svg+xml"})
    assert (status, headers["Content-Type"].partition(";")[0]) == (200, "image/svg+xml")
    assert read_qr_code(svg).count(".") == 2


def test_an_affiliation_that_ends_suspends_the_pass(served: tuple[Town, dict[str, Any], dict[str, Any]]) -> None:
    town, university, area = served
    person = town.student(university)
    token = town.pass_of(town.await_entitlement(person))
    (affiliation,) = town.client.get("/v1/affiliations", person_id=person)["items"]
    ended = town.client.post(f"/v1/affiliations/{affiliation['id']}/end", {})
    assert ended["state"] == "ended"
    town.await_entitlement(person, "suspended")
    refusal = refused(town, token, area, "n1")
    assert (refusal.status, refusal.problem["code"]) == (403, "perks.entitlement_suspended")


def test_two_departments_report_one_student(served: tuple[Town, dict[str, Any], dict[str, Any]]) -> None:
    town, university, _ = served
    other = town.platform.client(f"other{town.number}", f"other_{town.number}")
    path, _ = town.roster(university, 3)
    mine = town.upload(path)
    theirs = town.upload(path, client=other)
    assert (mine["counts"]["accepted"], theirs["counts"]["rejected"]) == (3, 0)
    person = town.client.get(f"/v1/people/{town.person_of(mine['id'])}")
    assert person["reported_by"] == [town.department]  # who else did is the city office's to know
    assert other.get(f"/v1/people/{person['id']}")["reported_by"] == [other.department]
    (affiliation,) = town.client.get("/v1/affiliations", person_id=person["id"])["items"]
    assert sorted(affiliation["reported_by"]) == sorted([town.department, other.department])
    with pytest.raises(ApiError) as hidden:
        other.get(f"/v1/imports/{mine['id']}")
    assert hidden.value.status == 404


def test_the_same_roster_again_changes_nothing(served: tuple[Town, dict[str, Any], dict[str, Any]]) -> None:
    town, university, _ = served
    path, _ = town.roster(university, 20)
    first = town.upload(path)
    person = town.client.get(f"/v1/people/{town.person_of(first['id'])}")
    again = town.upload(path)
    assert (again["counts"]["unchanged"], again["counts"]["accepted"]) == (20, 0)
    assert town.client.get(f"/v1/people/{person['id']}")["version"] == person["version"]


def test_a_scheme_published_after_the_roster_reaches_everybody(town: Town) -> None:
    university, area = town.organisation("university"), town.organisation("scenic_area")
    town.put_set(town.universities_key, [university])
    town.put_set(town.areas_key, [area])
    path, _ = town.roster(university, 250)
    imported = town.upload(path)
    person = town.person_of(imported["id"])
    assert town.entitlement(person, None) is None
    town.publish_scheme()
    published = town.client.get(f"/v1/schemes/{town.scheme_key}")
    assert published in town.client.get("/v1/schemes")["items"]
    town.await_entitlement(person)

    office = town.platform.client(f"office{town.number}", town.department, "entitlements:read", "people:all")

    def granted() -> int:
        found = office.get("/v1/entitlements", scheme_key=town.scheme_key, limit=200)
        more = found["next_cursor"]
        rest = (
            office.get("/v1/entitlements", scheme_key=town.scheme_key, limit=200, cursor=more)
            if more
            else {"items": []}
        )
        return len(found["items"]) + len(rest["items"])

    eventually(lambda: granted() == 250, what="250 grants")


def test_a_further_university_joins_the_set(served: tuple[Town, dict[str, Any], dict[str, Any]]) -> None:
    town, university, area = served
    newcomer = town.organisation("university")
    person = town.student(newcomer)
    town.await_entitlement(town.student(university))
    assert town.entitlement(person, None) is None
    town.put_set(town.universities_key, [university, newcomer], version=1)
    token = town.pass_of(town.await_entitlement(person))
    assert scan(town, token, area, "n1")["outcome"] == "admitted"


def test_a_validity_date_passes(served: tuple[Town, dict[str, Any], dict[str, Any]]) -> None:
    town, university, _ = served
    tomorrow = dt.date.today() + dt.timedelta(days=2)
    person = town.student(university, until_on=tomorrow.isoformat())
    town.await_entitlement(person)
    # a process that lives a week ahead finds the date passed
    town.platform.start_service("perks", "perks-ahead", "timers", CLOCK_AHEAD_SECONDS=str(7 * 86_400))
    try:
        town.await_entitlement(person, "suspended")
    finally:
        town.platform.stop("perks-ahead")


def test_one_pass_is_raced_by_fifty_scanners(served: tuple[Town, dict[str, Any], dict[str, Any]]) -> None:
    town, university, area = served
    token = town.pass_of(town.await_entitlement(town.student(university)))
    outcomes: list[str] = []

    def race(number: int) -> None:
        try:
            outcomes.append(scan(town, token, area, f"n{number}")["outcome"])
        except ApiError as error:
            outcomes.append(error.problem["code"])

    threads = [threading.Thread(target=race, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(set(outcomes)) == ["admitted", "perks.limit_reached"]
    assert (len(outcomes), outcomes.count("admitted")) == (50, 1)
    admitted = town.client.get("/v1/redemptions", place_id=area["id"], outcome="admitted")["items"]
    assert len(admitted) == 1
