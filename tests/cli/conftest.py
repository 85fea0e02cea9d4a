"""The command line as people use it: a process of its own, in the environment of a running platform."""

from __future__ import annotations

import json
import os

import pytest

from deploy.local.throwaway import ThrowawayPlatform
from tests.support.command_lines import CommandLine, bare
from tests.support.towns import Town

__all__ = ["bare"]


@pytest.fixture(scope="session")
def town(platform: ThrowawayPlatform, tmp_path_factory: pytest.TempPathFactory) -> Town:
    """A department with universities, areas and a scheme."""
    return Town(platform, tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="session")
def login(platform: ThrowawayPlatform, town: Town) -> dict[str, str]:
    """A client of the town's department, as the environment names it."""
    arguments = ("client", "add", "cli", "--department", town.department, "--scope", "all", "--json")
    registered = json.loads(platform.run("gateway", *arguments))
    return {
        "YOUTHCITY_URL": platform.url,
        "YOUTHCITY_CLIENT_ID": registered["client_id"],
        "YOUTHCITY_CLIENT_SECRET": registered["client_secret"],
    }


@pytest.fixture
def cli(platform: ThrowawayPlatform, bare: CommandLine, login: dict[str, str]) -> CommandLine:
    """The command line in the environment of the running platform."""
    wanted = ("_DATABASE_URL", "AMQP_URI", "RETRY_DELAYS")
    settings = {name: value for name, value in platform.environment.items() if name.endswith(wanted)}
    mine = {"YOUTHCITY_LOGS": str(platform.folder), "RABBIT_API": os.environ["TEST_RABBIT_API"]}
    return CommandLine({**bare.environment, **settings, **login, **mine}, bare.folder)
