"""The README's story works as printed, and prints what the README shows."""

from __future__ import annotations

import re

from tests.documents import blocks
from tests.documents.conftest import City


def test_the_story_by_curl_prints_what_the_readme_shows(city: City) -> None:
    assert "19 rosters are in, 2000 rows new" in city.loaded
    assert city.differences("README.md", "story") == []


def test_both_readmes_name_the_two_commands_first() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        commands = re.findall(r"^make (\w+)", (blocks.ROOT / name).read_text(), re.MULTILINE)
        assert commands[:2] == ["run", "test"]
