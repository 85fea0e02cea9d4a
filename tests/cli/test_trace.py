"""One timeline from a request to the message a person got, from whichever id one has."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from chassis.store.database import with_driver
from deploy.local.throwaway import ThrowawayPlatform, eventually
from tests.support.command_lines import CommandLine
from tests.support.towns import Town

Timeline = list[dict[str, Any]]


@pytest.fixture(scope="module")
def university(town: Town) -> dict[str, Any]:
    """A university whose people are granted a pass and get a message about it."""
    found, area = town.organisation("university"), town.organisation("scenic_area")
    town.put_set(town.universities_key, [found])
    town.put_set(town.areas_key, [area])
    town.publish_scheme()
    return found


@pytest.fixture(scope="module")
def enrolled(town: Town, university: dict[str, Any], platform: ThrowawayPlatform) -> dict[str, str]:
    """A student reported under a request id of ours, granted a pass and sent a message about it: all the ids."""
    person = town.student(town.organisation("school"))
    report = {"person_id": person, "organisation_id": university["id"], "role": "student", "from_on": "2024-09-01"}
    headers = {"Idempotency-Key": '"cli-trace-1"', "X-Request-Id": "cli-trace-1"}
    _, answered, _ = town.client.send("POST", "/v1/affiliations", report, headers)
    town.await_entitlement(person)
    query = text(
        "select event_id, messages.id, deliveries.id from messages join deliveries on message_id = messages.id"
        " where messages.person_id = :person"
    )
    engine = create_engine(with_driver(platform.databases["notify"]), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        row = eventually(lambda: connection.execute(query, {"person": person}).first(), what="the message")
    engine.dispose()
    ids = dict(zip(("event", "message", "delivery"), map(str, row), strict=True))
    return {**ids, "request": "cli-trace-1", "trace": answered["traceparent"].split("-")[1]}


def trace(cli: CommandLine, one_id: str) -> Timeline:
    return cli("trace", one_id, "--json").objects


class TestTimeline:
    def test_goes_from_a_request_to_the_message_that_somebody_got(
        self, cli: CommandLine, enrolled: dict[str, str]
    ) -> None:
        found = trace(cli, enrolled["request"])
        happened = [(one["service"], one["kind"]) for one in found]
        order = [("talent", "rpc"), ("talent", "event"), ("perks", "event"), ("notify", "message")]
        assert sorted(order, key=happened.index) == order
        beside = {("gateway", "http"), ("talent", "record"), ("talent", "published"), ("perks", "applied")}
        assert beside | {("notify", "applied"), ("notify", "delivery")} <= set(happened)
        assert "POST /v1/affiliations -> 20" in next(one["what"] for one in found if one["kind"] == "http")
        assert [one["at"] for one in found] == sorted(one["at"] for one in found)

    @pytest.mark.parametrize("known", ["trace", "event", "message", "delivery"])
    def test_is_the_same_whichever_id_one_has(self, cli: CommandLine, enrolled: dict[str, str], known: str) -> None:
        steps = ("rpc", "record", "event", "applied", "message", "delivery")
        mine, others = (
            [(one["service"], one["kind"], one["at"]) for one in trace(cli, one_id) if one["kind"] in steps]
            for one_id in (enrolled["request"], enrolled[known])
        )
        assert mine == others

    def test_is_for_people_too_and_shows_no_names(self, cli: CommandLine, enrolled: dict[str, str]) -> None:
        shown = cli("trace", enrolled["trace"], "--since", "1h", LANG="zh_CN.UTF-8").out
        assert shown.splitlines()[0].split() == ["时间", "服务", "种类", "内容", "相关编号"]
        assert "perks.entitlement.granted.v1" in shown
        assert "已发布" in shown
        assert "欧阳小小" not in shown

    def test_of_an_import_has_the_rows_of_the_job_and_what_they_caused(
        self, cli: CommandLine, town: Town, university: dict[str, Any]
    ) -> None:
        path, _ = town.roster(university, 3)
        done = cli("imports", "upload", path, "--json").only
        for row in (2, 3, 4):
            town.await_entitlement(town.person_of(done["id"], row))
        found = trace(cli, done["id"])
        counts = {
            what: len([one for one in found if one["what"] == what and one["kind"] == "event"])
            for what in ("talent.affiliation.confirmed.v1", "perks.entitlement.granted.v1")
        }
        assert counts == {"talent.affiliation.confirmed.v1": 3, "perks.entitlement.granted.v1": 3}
        assert [one["what"] for one in found if one["kind"] == "import"] == ["best_effort begun", "done, 3 rows"]


class TestWhatIsNotFound:
    def test_ends_with_1_and_with_3_where_a_service_is_not_reachable(self, cli: CommandLine) -> None:
        assert json.loads(cli("trace", "f" * 32, "--json", status=1).err)["error"] == "not_found"
        away = cli("trace", "f" * 32, status=3, NOTIFY_DATABASE_URL="postgresql://u:geheim@127.0.0.1:9/x")
        assert "notify" in away.err
        assert "geheim" not in away.err
