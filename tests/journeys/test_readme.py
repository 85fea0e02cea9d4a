"""The README's story works as printed, on a platform with the demo city."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from deploy.local.throwaway import ThrowawayPlatform

ROOT = Path(__file__).resolve().parents[2]


def test_the_story_by_curl_works_as_printed(platform: ThrowawayPlatform, tmp_path: Path) -> None:
    client = platform.run("gateway", "client", "add", "demo", "--department", "youth_league", "--all-scopes", "--json")
    described = {"gateway_url": platform.url, "clients": {"demo": json.loads(client)}}
    (tmp_path / ".state").mkdir()
    (tmp_path / ".state" / "platform.json").write_text(json.dumps(described))
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    loaded = platform.run("examples.demo", "--platform", str(tmp_path / ".state" / "platform.json"))
    assert "19 rosters are in, 2000 rows new" in loaded
    story = re.search(r"## The story by curl.*?```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert story is not None
    done = subprocess.run(["bash", "-eu", "-c", story[1]], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    counts, outcome, areas = done.stdout.split("\n")[:3]
    assert "'rejected': 0" in counts
    assert "'accepted': 0" in counts
    assert (outcome, areas) == ("admitted", "40")


def test_both_readmes_name_the_two_commands_first() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        commands = re.findall(r"^make (\w+)", (ROOT / name).read_text(), re.MULTILINE)
        assert commands[:2] == ["run", "test"]
