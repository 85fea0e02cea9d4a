"""What a person has a right to: all that is kept of them, and that it is erased (PIPL, articles 45 and 47)."""

from __future__ import annotations

import pytest

from deploy.local.throwaway import eventually
from examples.client import ApiError
from tests.journeys.test_job_fair import Fair
from tests.journeys.test_messages import await_state
from tests.support.towns import Town


def test_a_person_exports_what_is_kept_and_is_erased_once_nobody_serves_them(town: Town) -> None:
    fair = Fair(town, capacity=1)
    person = town.student(fair.university, email=f"rights{town.number}@example.com")
    registration = fair.register(person)
    await_state(town, person, "delivered")
    app = town.platform.client(f"rights{town.number}", town.department, type="channel").for_person(person)
    kept = app.get(f"/v1/people/{person}/export")
    assert kept["person"]["email"] == f"rights{town.number}@example.com"
    assert [one["department"] for one in kept["person"]["reports"]] == [town.department]
    assert [one["role"] for one in kept["affiliations"]] == ["student"]
    assert kept["facts"] == []
    assert [one["id"] for one in kept["registrations"]] == [registration["id"]]
    assert len(kept["messages"]) == 1 and kept["preferences"]["programmes"] == {}
    with pytest.raises(ApiError) as of_the_department:
        town.client.get(f"/v1/people/{person}/export")
    assert of_the_department.value.problem["code"] == "talent.person_not_found"

    office = town.platform.client(f"erasing{town.number}", "city_office", "people:all")
    body = {"reason": "at the wish of the person"}
    with pytest.raises(ApiError) as served:
        office.post(f"/v1/people/{person}/erase", body)
    assert served.value.problem["code"] == "talent.person_still_served"
    (affiliation,) = kept["affiliations"]
    town.client.post(f"/v1/affiliations/{affiliation['id']}/end", {})
    office.post(f"/v1/people/{person}/erase", body)
    for path in (f"/v1/people/{person}", f"/v1/people/{person}/export"):
        with pytest.raises(ApiError) as erased:
            (app if path.endswith("export") else town.client).get(path)
        assert erased.value.status == 404

    def is_erased() -> bool:
        (message, *_) = app.get("/v1/messages", person_id=person)["items"]
        return bool(message["body"]["en"] == "(erased)")

    eventually(is_erased, what="messages without text")
    assert fair.get(registration)["state"] == "confirmed", "it is counted as before"
