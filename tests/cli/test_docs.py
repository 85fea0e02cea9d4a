"""What docs/command-line.md tells to type works as printed, in a checkout where `make up` has run."""

from __future__ import annotations

import re

import pytest

from deploy.local.throwaway import ThrowawayPlatform
from tests.support.checkouts import Checkout
from tests.support.command_lines import ROOT, CommandLine

DOCUMENT = "docs/command-line.md"
NAMES = ("roster", "clients", "on-call")


@pytest.fixture(scope="module")
def checkout(platform: ThrowawayPlatform, login: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    made = Checkout(tmp_path_factory.mktemp("checkout"))
    client = {
        "client_id": login["YOUTHCITY_CLIENT_ID"],
        "client_secret": login["YOUTHCITY_CLIENT_SECRET"],
        "scopes": [],
    }
    made.describe_running(platform, clients={"demo": client})
    return made


@pytest.mark.parametrize("name", NAMES)
def test_the_commands_of_the_page_work(checkout: Checkout, name: str) -> None:
    checkout.types(DOCUMENT, name)
    assert checkout.exposed() == []


def test_the_statuses_are_those_of_the_help(bare: CommandLine) -> None:
    documented = re.findall(r"^\| (\d+) \|", (ROOT / DOCUMENT).read_text(), re.MULTILINE)
    assert documented == re.findall(r"(\d+) [a-zC]", bare("--help").out.split("Exit status:")[1].split("\n\n")[0])
