"""Two packs, and the command line of the city office on the platform the tests share."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from deploy.local.throwaway import ThrowawayPlatform
from tests.support.command_lines import CommandLine, bare

__all__ = ["bare"]

ROOT = Path(__file__).resolve().parents[2]
JINZHONG, INVENTED = ROOT / "cities" / "jinzhong", Path(__file__).parent / "chengchuan"
PACKS = {"jinzhong": JINZHONG, "chengchuan": INVENTED}


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A copy of the invented city's pack, to change."""
    return Path(shutil.copytree(INVENTED, tmp_path / "pack"))


@pytest.fixture(scope="session")
def office(platform: ThrowawayPlatform) -> dict[str, str]:
    """The city office's client, as the environment names it."""
    arguments = ("client", "add", "city-office", "--department", "youth_league", "--scope", "all", "--json")
    registered = json.loads(platform.run("gateway", *arguments))
    return {
        "YOUTHCITY_URL": platform.url,
        "YOUTHCITY_CLIENT_ID": registered["client_id"],
        "YOUTHCITY_CLIENT_SECRET": registered["client_secret"],
    }


@pytest.fixture
def cli(bare: CommandLine, office: dict[str, str]) -> CommandLine:
    """The command line as the city office calls it."""
    return CommandLine({**bare.environment, **office}, bare.folder)


def change(path: Path, before: str, after: str) -> None:
    """Put `after` in the place of `before`, which stands in the file once or more."""
    text = path.read_text(encoding="utf-8")
    assert before in text, f"{path.name} has no {before}"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
