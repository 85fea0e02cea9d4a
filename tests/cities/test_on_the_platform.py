"""Packs on a running platform: what would change, what changes, that it changes once, and what comes back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli import language
from cli.city.checking import check
from cli.city.comparing import Comparison
from cli.city.governing import Governing
from cli.exits import Refused
from cli.places import Gateway
from deploy.local.throwaway import ThrowawayPlatform
from examples.client import Client
from tests.cities.conftest import JINZHONG, ROOT, Commands, change
from tests.documents.blocks import blocks
from tests.support.command_lines import CommandLine, bare

__all__ = ["bare"]


@pytest.fixture(scope="session")
def client(platform: ThrowawayPlatform) -> Client:
    """Another client of the city office."""
    return platform.client("city-reader", "youth_league")


def actions(city: Commands, command: str, pack: Path) -> dict[tuple[str, str], tuple[str, list[str]]]:
    """What `diff` or `apply` would write or has written, by kind and key."""
    return {
        (one["what"], one["key"]): (one["action"], one["differs"])
        for one in city(command, pack, "--json").objects
        if "differs" in one
    }


class TestTheInventedCity:
    def test_is_applied_in_order_once_and_found_equal(self, city: Commands, client: Client, pack: Path) -> None:
        wanted = [*actions(city, "diff", pack).items()]
        kinds = [what for (what, _), _ in wanted]
        assert kinds == sorted(
            kinds,
            key=[
                "organisation",
                "organisation_set",
                "activity_kind",
                "affiliation_role",
                "register_kind",
                "fact_kind",
                "scheme",
                "template",
                "report_outline",
                "programme",
            ].index,
        )
        # the report has one outline, which another city's pack may have left
        assert {action for (what, _), (action, _) in wanted if what != "report_outline"} == {"create"}
        assert len(wanted) == 3 + 2 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 3
        assert [*actions(city, "apply", pack).items()] == wanted
        assert actions(city, "apply", pack) == actions(city, "diff", pack) == {}
        assert "Nothing to change: 15 things" in city("apply", pack).out
        rower = client.get("/v1/affiliation-roles/rower")
        assert (rower["programme"], rower["is_built_in"], rower["fields"][0]["required"]) == ("k01", False, True)
        register = client.get("/v1/register-kinds/boat_club")
        assert (register["version"], register["programme"], register["parties"][0]["most"]) == (1, "k01", 1)
        fact = client.get("/v1/fact-kinds/can_swim")
        assert (fact["version"], fact["programme"], fact["holds_months"]) == (1, "k01", 36)
        scheme = client.get("/v1/schemes/lantern_tickets")
        assert (scheme["version"], scheme["until_on"], scheme["limit"]["count"]) == (1, "2033-01-01", 3)
        members = client.get("/v1/organisation-sets/ferry_schools")["members"]
        assert sorted(one["until_on"] or "" for one in members) == ["", "2032-09-01"]

        self._changed(city, client, pack)

    def _changed(self, city: Commands, client: Client, pack: Path) -> None:
        change(pack / "wings" / "k02-lantern-tickets.toml", "count = 3", "count = 4")
        change(pack / "organisations.toml", 'zh = "渡口两校"', 'zh = "渡口二校"')
        change(pack / "organisations.toml", 'zh = "灯塔博物馆（虚构）"', 'zh = "灯塔馆（虚构）"')
        change(pack / "roots" / "k01-boat-clubs.toml", 'en = "Regatta"', 'en = "Boat race"')
        change(pack / "roots" / "k01-boat-clubs.toml", 'synonyms = ["船只"]', 'synonyms = ["船只", "舟"]')
        change(pack / "roots" / "k01-boat-clubs.toml", "holds_months = 36", "holds_months = 24")
        change(pack / "messages.toml", "Come while", "Do come while")
        change(pack / "roots" / "k01-boat-clubs.toml", 'en = "Boats afloat"', 'en = "Boats on the water"')
        change(pack / "wings" / "k03-night-ferry.toml", "value = 20", "value = 25")
        wanted = {
            ("organisation", "lamp_house"): ("change", ["name"]),
            ("organisation_set", "ferry_schools"): ("change", ["name"]),
            ("activity_kind", "regatta"): ("change", ["name"]),
            ("register_kind", "boat_club"): ("change", ["fields"]),
            ("fact_kind", "can_swim"): ("change", ["holds_months"]),
            ("scheme", "lantern_tickets"): ("change", ["limit"]),
            ("template", "lantern_granted"): ("change", ["body"]),
            ("programme", "K01"): ("change", ["figures"]),
            ("programme", "K03"): ("change", ["parameters"]),
        }
        assert actions(city, "diff", pack) == wanted
        assert client.get("/v1/schemes/lantern_tickets")["version"] == 1, "diff changes nothing"
        assert actions(city, "apply", pack) == wanted
        assert actions(city, "diff", pack) == {}
        assert client.get("/v1/schemes/lantern_tickets")["version"] == 2

    def test_tells_what_waits_and_what_is_there_alone(self, city: Commands, pack: Path) -> None:
        output = city("diff", pack).out
        rows = [line.split() for line in output.splitlines()]
        assert ["wings/k03-night-ferry.toml", "stays", "night_berth"] in rows
        assert "On the platform alone, left as it is: activity_kind talk" in output
        found = [one for one in city("diff", pack, "--json").objects if one["action"] == "waiting"]
        assert {
            "action": "waiting",
            "what": "stays",
            "key": "wings/k03-night-ferry.toml",
            "keys": ["night_berth"],
        } in found
        assert {one["what"] for one in found} >= {"activity_fields", "calendar", "departments"}
        assert "仅平台上有，保持不变：活动类别 talk" in city("diff", pack, lang=language.ZH).out

    def test_sends_nothing_of_a_wrong_pack(self, city: Commands, pack: Path) -> None:
        change(pack / "wings" / "k03-night-ferry.toml", '"planned"', '"plannd"')
        change(pack / "organisations.toml", 'key = "river_houses"', 'key = "river_homes"')
        refused = city("apply", pack, status=1)
        assert "wings/k03-night-ferry.toml: status" in refused.err
        assert "nothing was sent" in refused.err

    def test_stops_at_an_organisation_of_another_kind(self, city: Commands, pack: Path) -> None:
        city("apply", pack)
        change(pack / "organisations.toml", 'kind = "venue"', 'kind = "community"')
        assert "as venue; write that kind" in city("diff", pack, status=1).err


class TestAWriteMeanwhile:
    def test_is_not_overwritten(self, city: Commands, office: Gateway, client: Client, pack: Path) -> None:
        """Two offices apply; the slower one compared with a version that is gone by then."""
        city("apply", pack)
        change(pack / "organisations.toml", 'en = "Houses by the river"', 'en = "Houses on the river"')
        (step,) = Comparison(Governing(office), check(pack)[0]).changes
        found = client.get("/v1/organisation-sets/river_houses")
        body: dict[str, Any] = {"name": {"zh-CN": "江岸", "en": "Riverside"}, "members": found["members"]}
        client.put("/v1/organisation-sets/river_houses", body, if_match=f'"v{found["version"]}"')
        assert step.do is not None
        with pytest.raises(Refused) as refused:
            step.do()
        assert refused.value.code == "chassis.version_stale"
        assert client.get("/v1/organisation-sets/river_houses")["name"]["en"] == "Riverside"
        assert actions(city, "apply", pack) == {("organisation_set", "river_houses"): ("change", ["name"])}
        assert client.get("/v1/organisation-sets/river_houses")["name"]["en"] == "Houses on the river"


class TestExport:
    def test_by_a_pack_is_found_equal(self, city: Commands, client: Client, pack: Path, tmp_path: Path) -> None:
        city("apply", pack)
        kind = client.get("/v1/activity-kinds/regatta")
        body = {"name": {"zh-CN": "竞渡", "en": "Great regatta"}, "programme": kind["programme"]}
        client.put("/v1/activity-kinds/regatta", body, if_match=f'"v{kind["version"]}"')
        made = tmp_path / "made"
        city("export", made, "--of", pack)
        assert "Great regatta" in (made / "roots" / "k01-boat-clubs.toml").read_text()
        city("check", made)
        assert actions(city, "diff", made) == {}
        assert actions(city, "diff", pack) == {("activity_kind", "regatta"): ("change", ["name"])}
        assert "not empty" in city("export", made, status=1).err

    def test_of_all_the_platform_lists_is_found_equal(self, city: Commands, pack: Path, tmp_path: Path) -> None:
        city("apply", pack)
        made = tmp_path / "made"
        city("export", made)
        city("check", made)
        # what is counted only a pack defines: what the platform lists stands in one programme of its own
        assert actions(city, "diff", made).keys() == {("report_outline", "progress"), ("programme", "P00")}
        assert "lantern_tickets" in (made / "platform" / "p00-platform.toml").read_text()

    def test_names_what_the_platform_lacks(self, city: Commands, pack: Path, tmp_path: Path) -> None:
        city("apply", pack)
        change(pack / "roots" / "k01-boat-clubs.toml", 'key = "regatta"', 'key = "dragon_race"')
        change(pack / "roots" / "k01-boat-clubs.toml", 'kinds = ["regatta"]', 'kinds = ["dragon_race"]')
        refused = city("export", tmp_path / "made", "--of", pack, status=1)
        assert "activity_kind dragon_race" in refused.err


class TestJinzhong:
    def test_is_applied_beside_what_migrations_left_as_the_page_tells(
        self, bare: CommandLine, city: Commands, client: Client
    ) -> None:
        wanted = actions(city, "diff", JINZHONG)
        seeded = {one["key"] for one in client.get("/v1/activity-kinds")["items"]}
        assert {"talk", "matchmaking", "sports"} <= seeded
        assert not any(what == "template" or (what == "activity_kind" and key in seeded) for what, key in wanted)
        assert {key for what, key in wanted if what == "scheme"} == {"scenic_areas"}
        assert sum(what == "register_kind" for what, _ in wanted) == 17
        assert {key for what, key in wanted if what == "affiliation_role"} == {"employee", "volunteer", "linked_expert"}
        output = run_block(bare, city, "docs/city-pack.md", "pack")
        assert "44 programmes, 54 figures" in output
        assert output.rstrip().rpartition("\n")[2].startswith("Nothing to change"), "the export equals what is there"
        assert "Nothing to change" in city("apply", JINZHONG).out
        assert len(client.get("/v1/organisation-sets/scenic_areas")["members"]) == 40
        assert len(client.get("/v1/organisation-sets/resident_universities")["members"]) == 19
        assert client.get("/v1/schemes/scenic_areas")["version"] == 1
        assert client.get("/v1/register-kinds/tenancy")["programme"] == "p17"
        assert "44 programmes, 54 figures" in city("check", bare.folder / "exported").out


def run_block(bare: CommandLine, city: Commands, document: str, name: str) -> str:
    """Run a named block of a document as printed; returns its output."""
    (block,) = [one.text for one in blocks(ROOT / document) if one.name == name]
    (bare.folder / "cities").symlink_to(ROOT / "cities")
    (bare.folder / ".state").mkdir()
    (bare.folder / ".state" / "venv").symlink_to(sys.prefix)
    environment = {**bare.environment, **city.environment}
    command = ["bash", "-eu", "-o", "pipefail", "-c", block]
    done = subprocess.run(command, cwd=bare.folder, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout
