"""The report over real services, with the pack of an invented city: other programmes, other words, other units."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from chassis.ground.ids import uuid7
from cli.city.checking import check
from cli.city.comparing import Comparison
from cli.city.governing import Governing
from cli.places import Gateway
from deploy.local.throwaway import ThrowawayPlatform
from tests.support.api import Answer, Api

INVENTED = Path(__file__).resolve().parents[2] / "cities" / "chengchuan"
DAY = "2025-06-30"
REPORT = f"/v1/reports/progress?as_of={DAY}"


@pytest.fixture(scope="module")
def town(api: Api, platform: ThrowawayPlatform) -> Api:
    """The gateway, once the pack is applied and boats are registered by their department."""
    comparison = Comparison(Governing(Gateway(platform.url, *api.client.login)), check(INVENTED)[0])
    for step in comparison.changes:
        assert step.do is not None
        step.do()
    harbour = platform.client("boats", "harbour_office")
    school = comparison.ids["reed_college"]
    boats = ((13, "2025-03-01", "990102"), (10, "2025-07-01", None), (9, "2025-02-01", "990121"))
    for number, running_on, county in boats:
        entry = {
            "kind_key": "boat_club",
            "title": f"=<b>舢板社{number}</b>",
            "running_on": running_on,
            "county": county,
            "parties": [{"role": "school", "organisation_id": school}],
            "fields": {"boats": number},
        }
        harbour.post("/v1/register-entries", entry)
    return api


def read(town: Api, path: str, accept: str = "application/json", language: str = "zh-CN") -> Answer:
    answer = town.send("GET", path, Accept=accept, Accept_Language=language)
    assert answer.status == 200, answer.body
    return answer


def figures(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        figure["key"]: figure
        for chapter in report["chapters"]
        for programme in chapter["programmes"]
        for figure in programme["figures"]
    }


class TestJson:
    def test_has_chapters_programmes_and_figures_in_order(self, town: Api) -> None:
        report = read(town, REPORT).json
        assert report.keys() == {"as_of", "county", "chapters"}
        assert (report["as_of"], report["county"]) == (DAY, None)
        assert [chapter["key"] for chapter in report["chapters"]] == ["roots", "wings"]
        programmes = [[one["key"] for one in chapter["programmes"]] for chapter in report["chapters"]]
        assert programmes == [["K01"], ["K02", "K03"]]
        club = report["chapters"][0]["programmes"][0]
        assert club.keys() == {"key", "title", "status", "departments", "figures"}
        assert club["departments"] == [{"key": "harbour_office", "role": "lead"}]
        assert club["figures"][0] == {
            "key": "boats.afloat",
            "value": 22,
            "unit": "number",
            "qualifier": "floor",
            "display": "20余艘",
            "n_records": 2,
            "reported_by": ["harbour_office"],
            "status": "counted",
            "records_url": f"/v1/figures/boats.afloat/records?as_of={DAY}",
        }
        heads = club["figures"][1]
        assert (heads["status"], heads["value"], heads["display"], heads["n_records"]) == (
            "not_reported",
            None,
            None,
            0,
        )

    def test_counts_by_day_and_county(self, town: Api) -> None:
        found = {
            query: figures(read(town, f"/v1/reports/progress?{query}").json)["boats.afloat"]["value"]
            for query in (
                "as_of=2025-02-28",
                "as_of=2025-07-01",
                f"as_of={DAY}&county=990102",
                f"as_of={DAY}&county=990199",
            )
        }
        assert [*found.values()] == [9, 32, 13, None]
        figure = figures(read(town, f"{REPORT}&county=990102").json)["boats.afloat"]
        (row,) = read(town, figure["records_url"]).json["items"]
        assert (row["on"], row["county"], row["amount"], row["kind"]) == ("2025-03-01", "990102", 13, "boat_club")

    def test_refuses_what_is_no_day_and_no_county(self, town: Api) -> None:
        for query in ("as_of=soon", "county=99", "as_of=1999-01-01", "format=text"):
            assert town.send("GET", f"/v1/reports/progress?{query}").json["code"] == "invalid_query"


class TestText:
    def test_is_read_by_a_clerk_in_the_city_s_words(self, town: Api) -> None:
        answer = read(town, REPORT, "text/plain")
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert answer.body.decode() == (
            "澄川市\n截至2025年6月30日\n\n一、扎根\n\n（一）舢板社\n下水船只20余艘，竞渡观众未报送。\n\n"
            "二、展翅\n\n（一）灯票\n未报送。\n\n（二）夜渡\n规划中。\n"
        )
        english = read(town, REPORT, "text/plain", "en").body.decode()
        assert "1.1 Boat clubs\nBoats afloat: 20余艘; Spectators of regattas: not reported." in english
        assert "2.2 Night ferry\nBeing planned." in english

    def test_a_page_stands_for_itself_and_is_escaped(self, town: Api) -> None:
        answer = read(town, REPORT, "text/html")
        body = answer.body.decode()
        parser = _Tags()
        parser.feed(body)
        assert parser.open == []
        assert {"h1", "h2", "h3", "table", "th", "main"} <= parser.seen
        assert parser.seen & {"script", "img", "link", "form"} == set()
        assert re.search(r"style-src 'sha256-[^']+'", answer.headers["Content-Security-Policy"])
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert f'href="/v1/figures/boats.afloat/records?as_of={DAY}"' in body
        assert "<td>未报送</td>" in body


class _Tags(HTMLParser):
    """Which elements there are, and which are not closed."""

    VOID = {"meta"}

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


class TestFigures:
    def test_are_those_of_a_programme_or_one_as_of_a_day_or_within_a_range(self, town: Api) -> None:
        listed = read(town, f"/v1/figures?programme=K01&as_of={DAY}").json["items"]
        assert [one["key"] for one in listed] == ["boats.afloat", "regattas.heads"]
        assert (listed[0]["name"]["en"], listed[0]["programme"], listed[0]["as_of"]) == ("Boats afloat", "K01", DAY)
        (within,) = read(town, "/v1/figures?key=boats.afloat&from=2025-03-01&until=2025-07-02").json["items"]
        assert (within["value"], within["n_records"], within["until_on"]) == (23, 2, "2025-07-02")
        assert town.send("GET", "/v1/figures?key=no.such").json["code"] == "figure_not_found"
        assert town.send("GET", "/v1/figures/no.such/records").json["code"] == "figure_not_found"

    def test_their_records_come_in_pages_and_as_a_file(self, town: Api) -> None:
        path = "/v1/figures/boats.afloat/records?as_of=2025-07-01"
        first = read(town, f"{path}&limit=2").json
        second = read(town, f"{path}&limit=2&cursor={first['next_cursor']}").json
        assert [one["amount"] for one in (*first["items"], *second["items"])] == [9, 13, 10]
        assert second["next_cursor"] is None
        answer = read(town, path, "text/csv")
        assert answer.headers["Content-Disposition"] == 'attachment; filename="boats.afloat.csv"'
        rows = [*csv.reader(io.StringIO(answer.body.decode("utf-8-sig")))]
        assert rows[0] == ["编号", "名称", "日期", "区划", "数量", "报送部门", "类别"]
        assert [(row[2], row[4], row[5]) for row in rows[1:]] == [
            (day, amount, "harbour_office")
            for day, amount in (("2025-02-01", "9"), ("2025-03-01", "13"), ("2025-07-01", "10"))
        ]
        assert {row[1] for row in rows[1:]} == {f"'=<b>舢板社{number}</b>" for number in (9, 13, 10)}, (
            "no cell begins as a formula does"
        )


class TestProgrammes:
    def test_are_put_once_and_changed_in_the_version_that_was_read(self, town: Api) -> None:
        found = town.send("GET", "/v1/programmes/K03")
        body = {name: value for name, value in found.json.items() if name not in ("key", "version")}
        version = found.headers["ETag"]
        path = "/v1/programmes/K03"
        assert town.send("GET", path, If_None_Match=version).status == 304
        assert town.send("PUT", path, body).json["code"] == "precondition_required"
        same = town.send("PUT", path, body, If_Match=version)
        assert (same.status, same.headers["ETag"]) == (200, version), "the same content is the same version"
        changed = {**body, "parameters": [{**body["parameters"][0], "value": 25}]}
        key = f'"{uuid7()}"'
        once, twice = (town.send("PUT", path, changed, If_Match=version, Idempotency_Key=key) for _ in range(2))
        assert (once.status, twice.status, twice.headers["Idempotency-Replayed"]) == (200, 200, "true")
        assert once.json == twice.json
        stale = town.send("PUT", path, body, If_Match=version)
        assert (stale.status, stale.json["code"]) == (412, "chassis.version_stale")
        assert town.send("PUT", path, body, If_Match=once.headers["ETag"]).status == 200

    def test_wrong_definitions_are_refused_with_the_place_and_what_to_write(self, town: Api) -> None:
        body = town.send("GET", "/v1/programmes/K01").json
        body = {name: value for name, value in body.items() if name not in ("key", "version")}
        one, other = body["figures"]
        figures_of = [
            {**one, "display": {**one["display"], "grain": None}},
            {**other, "unit": "person", "of": {**other["of"], "mechanism": "regattas"}},
        ]
        wrong = town.send("PUT", "/v1/programmes/K07", {**body, "figures": figures_of}).json
        assert {error["pointer"] for error in wrong["errors"]} == {
            "#/figures/0/display/grain",
            "#/figures/1/of/mechanism",
        }
        assert "registers" in str(wrong["errors"])
        person = town.send("PUT", "/v1/programmes/K07", {**body, "figures": [{**other, "unit": "person"}]}).json
        assert [(error["pointer"], error["code"]) for error in person["errors"]] == [("#/figures/0/unit", "wrong_unit")]
        taken = town.send("PUT", "/v1/programmes/K07", body)
        assert (taken.status, taken.json["code"]) == (409, "figure_key_taken")
        assert [error["pointer"] for error in taken.json["errors"]] == ["#/figures/0/key", "#/figures/1/key"]
        planned = town.send("PUT", "/v1/programmes/K07", {**body, "status": "planned"}).json
        assert planned["errors"][0]["pointer"] == "#/figures/1/kind"
        assert town.send("GET", "/v1/programmes/K07").json["code"] == "programme_not_found"


def test_a_parameter_of_what_is_planned_is_written_and_marked_so(town: Api) -> None:
    found = town.send("GET", "/v1/programmes/K03")
    body = {name: value for name, value in found.json.items() if name not in ("key", "version")}
    figure = {
        "number": "Z9",
        "key": "ferry.interval",
        "name": {"zh-CN": "班距", "en": "Interval"},
        "unit": "minute",
        "classifier": "分钟",
        "count": "parameter",
        "kind": "stock",
        "of": {"mechanism": "parameters", "kinds": ["ferry.minutes"]},
        "display": {"qualifier": "exact", "numerals": "chinese"},
    }
    put = town.send("PUT", "/v1/programmes/K03", {**body, "figures": [figure]}, If_Match=found.headers["ETag"])
    try:
        shown = figures(read(town, REPORT).json)["ferry.interval"]
        assert (shown["status"], shown["value"], shown["display"]) == ("planned", 20, "二十分钟")
        assert "班距二十分钟（规划中）" in read(town, REPORT, "text/plain").body.decode()
        (record,) = read(town, shown["records_url"]).json["items"]
        assert (record["id"], record["amount"]) == ("ferry.minutes", 20)
        assert dt.date.fromisoformat(record["on"]) == dt.date.fromisoformat(DAY)
    finally:
        assert town.send("PUT", "/v1/programmes/K03", body, If_Match=put.headers["ETag"]).status == 200
