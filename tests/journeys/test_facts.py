"""A scheme by a verified fact and by age, over HTTP: granted when the fact comes, suspended when it ends."""

from __future__ import annotations

import pytest

from examples.client import ApiError
from tests.support.towns import Town


def test_a_fact_grants_and_its_end_suspends(town: Town) -> None:
    key = f"insured_{town.number}"
    year = {"key": "year", "name": {"zh-CN": "年度", "en": "Year"}, "type": "number", "required": True}
    kind = {"name": {"zh-CN": "参保", "en": "Insured"}, "programme": "insurance", "fields": [year]}
    body = {**kind, "confirmed_by": [town.department]}
    assert town.client.put(f"/v1/fact-kinds/{key}", body, if_none_match="*")["version"] == 1
    insured = f"facts.exists(f, f.current && f.kind == '{key}' && f.fields.year == 2026)"
    town.publish_scheme(clause=f"{insured} && age >= 18 && age < 120")
    person = town.student(town.organisation("university"))
    fact = {"person_id": person, "kind_key": key, "from_on": "2026-01-01", "fields": {"year": 2026}}
    made = town.client.post("/v1/facts", fact)
    assert town.client.post("/v1/facts", fact)["verdict"] == "unchanged"
    entitlement = town.await_entitlement(person)
    (verified,) = entitlement["verified"]
    assert (verified["fact_id"], verified["fields"]) == (made["id"], {"year": 2026})
    with pytest.raises(ApiError) as error:
        town.client.post("/v1/facts", {**fact, "fields": {"year": "soon"}})
    assert [wrong["pointer"] for wrong in error.value.problem["errors"]] == ["#/fields/year"]
    assert town.client.post(f"/v1/facts/{made['id']}/end", {})["state"] == "ended"
    assert town.await_entitlement(person, "suspended")["verified"][0]["current"] is False
