"""Two packs, and the commands of the city office, run in this process: a process of its own for each takes most of the time."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import language
from cli.__main__ import main
from cli.places import Gateway
from deploy.local.throwaway import ThrowawayPlatform
from tests.support.command_lines import Done

ROOT = Path(__file__).resolve().parents[2]
JINZHONG, INVENTED = ROOT / "cities" / "jinzhong", Path(__file__).parent / "chengchuan"
PACKS = {"jinzhong": JINZHONG, "chengchuan": INVENTED}


class Commands:
    """Runs ``city`` commands; `environment` names the platform."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    def __call__(self, *arguments: object, status: int = 0, lang: str = language.EN) -> Done:
        """Run to the end, which must be `status`."""
        language.choose(lang)
        try:
            ended = CliRunner(env=self.environment).invoke(main, ["city", *(str(one) for one in arguments)])
        finally:
            language.choose(language.EN)
        if ended.exception is not None and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        assert ended.exit_code == status, (arguments, ended.output)
        return Done(ended.exit_code, ended.stdout, ended.stderr)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A copy of the invented city's pack, to change."""
    return Path(shutil.copytree(INVENTED, tmp_path / "pack"))


@pytest.fixture
def alone() -> Commands:
    """The commands without a platform."""
    return Commands({})


@pytest.fixture(scope="session")
def office(platform: ThrowawayPlatform) -> Gateway:
    """The city office's client."""
    arguments = ("client", "add", "city-office", "--department", "youth_league", "--scope", "all", "--json")
    registered = json.loads(platform.run("gateway", *arguments))
    return Gateway(platform.url, registered["client_id"], registered["client_secret"])


@pytest.fixture
def city(office: Gateway) -> Commands:
    """The commands as the city office calls them."""
    login = {"YOUTHCITY_CLIENT_ID": office.client_id, "YOUTHCITY_CLIENT_SECRET": office.client_secret}
    return Commands({"YOUTHCITY_URL": office.url, **login})


def change(path: Path, before: str, after: str) -> None:
    """Put `after` in the place of `before`, which stands in the file once or more."""
    text = path.read_text(encoding="utf-8")
    assert before in text, f"{path.name} has no {before}"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
