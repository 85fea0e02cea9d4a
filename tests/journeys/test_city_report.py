"""The city's report, counted: the pack on an empty platform, the files of seven departments, and the figures as the office writes
them, as of 27 October 2023.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.city.checking import check
from cli.city.comparing import Comparison
from cli.city.governing import Governing
from cli.places import Gateway
from deploy.local.clients import CLIENTS
from deploy.local.throwaway import ThrowawayPlatform
from examples.city import PACK, departments
from examples.city.files import File
from examples.city.sending import Batch, send_city
from examples.client import Client
from tests.support.platforms import MakePlatform

AS_OF = "2023-10-27"
#: What the office writes, by the number of the figure.
DISPLAYS = {
    "partnerships.universities_new": "59所",
    "coop_projects.agreed": "69个",
    "bases.kinds": "12大基地",
    "bases.new": "82个",
    "experts.universities": "10所",
    "experts.listed": "23名",
    "incubators.total": "19家",
    "employment.absorbed": "1056人",
    "employment.fresh_graduates": "116人",
    "projects.introduced@sti": "72个",
    "iur.enterprises": "39户",
    "lead_teams": "3个",
    "tech_items": "16项",
    "base_no": "4号",
    "projects.introduced@zone": "72个",
    "ip.owned": "154项",
    "incubators.national": "2家",
    "incubator_area": "2.78万平米",
    "tenants": "254家",
    "special_actions": "十大",
    "scenic.areas": "40家",
    "scenic.universities": "19所",
    "volunteer_teams": "12支",
    "volunteers.on_file": "189名",
}
#: Figures that no file of a department makes.
OF_THE_PACK = {"base_no", "scenic.areas", "scenic.universities"}


class City:
    """A platform with the pack, and the clients of its departments, each with the scopes of the demo's."""

    def __init__(self, platform: ThrowawayPlatform, folder: Path) -> None:
        self.platform, self.folder = platform, folder
        self.clients: dict[str, Client] = {}
        pack, mistakes, _ = check(PACK)
        assert not mistakes
        self.office = self.client("youth_league")
        for step in Comparison(Governing(Gateway(platform.url, *self.office.login)), pack).changes:
            if step.do is not None:
                step.do()

    def client(self, department: str) -> Client:
        if department not in self.clients:
            scopes = CLIENTS["demo" if department == "youth_league" else department].scopes
            self.clients[department] = self.platform.client(department, department, *scopes)
        return self.clients[department]

    def send(self, first: Batch | None = None, later: Batch | None = None) -> Any:
        return send_city(self.client, self.office, self.folder, first=first, later=later)

    def figures(self, as_of: str = AS_OF) -> dict[str, dict[str, Any]]:
        report = self.office.get("/v1/reports/progress", as_of=as_of)
        programmes = [one for chapter in report["chapters"] for one in chapter["programmes"]]
        return {figure["key"]: figure for programme in programmes for figure in programme["figures"]}


def without_some(batch: Batch, chosen: dict[str, str]) -> Batch:
    """The files without one record of each kind: no department sends it. `chosen` are those left out, by kind."""
    return {department: [_without(file, chosen) for file in files] for department, files in batch.items()}


def _without(file: File, chosen: dict[str, str]) -> File:
    columns = [number for number, cells in enumerate(zip(*file.rows, strict=True)) if len(set(cells)) == len(cells)]
    number = file.headers.index("证件号码") if "证件号码" in file.headers else columns[0]
    key = f"{file.kind} {file.name}" if file.kind == "roster" else file.kind
    left_out = chosen.setdefault(key, random.Random(key).choice(file.rows[:20])[number])
    return dataclasses.replace(file, rows=[row for row in file.rows if row[number] != left_out])


@pytest.fixture(scope="module")
def city(prepared_platform: MakePlatform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with prepared_platform("report") as platform:
        platform.start(processes_each=1)
        yield City(platform, tmp_path_factory.mktemp("files"))


def test_displays_every_figure_of_the_files_as_the_report_does(city: City) -> None:
    before = city.figures()
    assert {before[key]["status"] for key in DISPLAYS.keys() - OF_THE_PACK} == {"not_reported"}
    chosen: dict[str, str] = {}
    city.send(without_some(departments.files(), chosen), without_some(departments.later_files(), chosen))
    fewer = city.figures()
    city.send()
    found = city.figures()
    assert {key: found[key]["display"] for key in DISPLAYS} == DISPLAYS
    changed = {key for key in DISPLAYS if fewer[key]["value"] != found[key]["value"]}
    left_out_of_few = {"experts.universities", "employment.fresh_graduates", "incubators.national", "incubator_area"}
    assert changed | left_out_of_few >= DISPLAYS.keys() - OF_THE_PACK
    # the same files again: nothing is written and nothing counts twice
    again = city.send()
    assert set(again.elements()) <= {"unchanged", "differs"}
    assert {key: city.figures()[key]["display"] for key in DISPLAYS} == DISPLAYS


def test_what_two_departments_report_is_one_record_of_each(city: City) -> None:
    found = city.figures()
    sti, zone = found["projects.introduced@sti"], found["projects.introduced@zone"]
    assert (sti["value"], zone["value"]) == (72, 72)
    pages = [city.office.get(one["records_url"].replace(city.platform.url, "") + "&limit=200") for one in (sti, zone)]
    first, second = ({item["id"] for item in page["items"]} for page in pages)
    assert first == second and len(first) == 72


def test_a_late_entry_counts_for_its_day_and_a_second_record_of_the_same_counts_once(city: City) -> None:
    sti = city.client("science_technology")
    team = {"kind_key": "lead_team", "title": "补报的团队（虚构）", "agreed_on": "2023-02-01"}
    earlier = city.figures("2023-01-31")["lead_teams"]
    entry = sti.post("/v1/register-entries", team)
    assert city.figures()["lead_teams"]["value"] == 4
    assert city.figures("2023-01-31")["lead_teams"] == earlier
    (other, *_) = sti.get("/v1/register-entries", kind_key="lead_team", limit=1)["items"]
    sti.post(f"/v1/register-entries/{entry['id']}/same-as", {"same_as": other["id"]})
    assert city.figures()["lead_teams"]["value"] == 3


def test_the_report_is_text_and_a_page_too(city: City) -> None:
    for kind in ("text/plain", "text/html"):
        _, headers, body = city.office.send("GET", f"/v1/reports/progress?as_of={AS_OF}", None, {"Accept": kind})
        text = body.decode()
        assert headers["Content-Type"].startswith(kind)
        assert all(display in text.replace(" ", "") for key, display in DISPLAYS.items()), kind
        assert "未报送" in text


def test_erasing_somebody_changes_no_figure(city: City) -> None:
    sti = city.client("science_technology")
    before = city.figures("2023-09-30")["employment.absorbed"]
    page = sti.get("/v1/affiliations", role="employee", state="ended", limit=1)
    person = page["items"][0]["person_id"]
    eraser = city.platform.client("eraser", "city_office", "people:all")
    eraser.post(f"/v1/people/{person}/erase", {"reason": "at the wish of the person"})
    assert city.figures("2023-09-30")["employment.absorbed"] == before
