"""What a department may not make of nothing: an entitled person at a university of its own, or somebody else's organisation."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from examples.city import credit_code
from examples.client import ApiError, Client
from tests.support.towns import Town

SCOPES = (
    "registry:read",
    "registry:write",
    "people:read",
    "people:write",
    "affiliations:report",
    "affiliations:decide",
)


@pytest.fixture
def stranger(town: Town) -> Client:
    """A department with every scope for registering and reporting, whom nobody trusts."""
    return town.platform.client(f"stranger{town.number}", f"stranger_{town.number}", *SCOPES, "entitlements:read")


def refused(call: Any, *arguments: Any, **named: Any) -> tuple[int, str]:
    with pytest.raises(ApiError) as error:
        call(*arguments, **named)
    return error.value.status, str(error.value.problem["code"])


def test_a_ghost_at_a_university_of_ones_own_is_entitled_to_nothing(town: Town, stranger: Client) -> None:
    real = town.organisation("university")
    town.put_set(town.universities_key, [real])
    town.put_set(town.areas_key, [town.organisation("scenic_area")])
    town.publish_scheme()
    own = {"kind": "university", "name": f"幽灵大学{town.number}", "trusted_departments": [stranger.department]}
    ghost_town = stranger.post("/v1/organisations", own)
    assert ghost_town["confirmed_at"] is None
    ghost = stranger.post(
        "/v1/people", {"name": "无此人", "id_type": "passport", "id_number": f"G{uuid.uuid4().hex[:8].upper()}"}
    )
    claim = {"person_id": ghost["id"], "role": "student", "from_on": "2024-09-01"}
    for university in (ghost_town, real):
        reported = stranger.post("/v1/affiliations", {**claim, "organisation_id": university["id"]})
        assert reported["state"] == "reported"
        path = f"/v1/affiliations/{reported['id']}/confirm"
        assert refused(stranger.post, path, {}) == (403, "talent.department_not_trusted")
    members = {
        "name": {"zh-CN": "x", "en": "x"},
        "members": [{"organisation_id": ghost_town["id"], "from_on": "2023-01-01"}],
    }
    path = f"/v1/organisation-sets/{town.universities_key}"
    assert refused(stranger.put, path, members, if_match='"v1"') == (403, "scope_missing")
    assert refused(stranger.post, f"/v1/organisations/{ghost_town['id']}/confirm", {}) == (403, "scope_missing")
    # nor by a mistake of the office, before it has confirmed it
    assert refused(town.client.put, path, members, if_match='"v1"') == (422, "talent.organisation_set_invalid")
    # a student reported after the ghost is entitled, so the ghost's reports have arrived
    town.await_entitlement(town.student(real))
    assert stranger.get("/v1/entitlements", person_id=ghost["id"])["items"] == []


def test_an_organisation_stays_its_owners(town: Town, stranger: Client) -> None:
    without_code = town.client.post("/v1/organisations", {"kind": "enterprise", "name": f"无码企业{town.number}"})
    mine = {"kind": "enterprise", "name": without_code["name"], "trusted_departments": [stranger.department]}
    path = f"/v1/organisations/{without_code['id']}"
    known = stranger.post("/v1/organisations", mine)
    assert (known["id"], known["trusted_departments"]) == (without_code["id"], without_code["trusted_departments"])
    with_code = {**mine, "uscc": credit_code("91", 700_000 + town.number)}
    stranger.post("/v1/organisations", with_code)
    after = town.client.get(path)
    assert (after["uscc"], after["trusted_departments"]) == (None, without_code["trusted_departments"])
    for change in ({"name": "改名"}, {"state": "closed"}, {"uscc": with_code["uscc"]}, {"trusted_departments": ["x"]}):
        assert refused(stranger.patch, path, change, if_match=f'"v{after["version"]}"') == (
            403,
            "talent.not_your_organisation",
        )
