"""docs/walkthrough.md names files and definitions that exist."""

from __future__ import annotations

import re
from pathlib import Path

from tests.architecture import source

TEXT = source.text(Path("docs/walkthrough.md"))


def test_every_file_it_names_exists() -> None:
    files = re.findall(r"`([\w/]+\.py)`", TEXT)
    assert len(files) > 20
    assert [name for name in files if not (source.ROOT / name).is_file()] == []


def test_every_definition_it_names_stands_in_its_file() -> None:
    pairs = re.findall(r"`([\w/]+\.py)` `(\w+)`", TEXT)
    assert len(pairs) > 15
    missing = [
        f"{file}: {name}"
        for file, name in pairs
        if not re.search(rf"^\s*(def|class) {name}\b|^\s*{name}\b.*=", source.text(Path(file)), re.MULTILINE)
    ]
    assert missing == []
