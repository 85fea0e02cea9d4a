"""The README's first result, the story and the guides for departments work as printed, and print what they show.

The Chinese pages have the same commands (``tests/architecture/test_commands_in_docs.py``); their output is not compared again.
"""

from __future__ import annotations

import re

import pytest

from deploy.local.clients import DEVICES
from tests.documents import blocks
from tests.documents.conftest import City


# in this order: the story shows the figures of a new city
@pytest.mark.parametrize(
    ("document", "name"),
    [
        ("README.md", "first"),
        ("docs/story.md", "story"),
        ("docs/integrating.md", "integrate"),
        ("docs/figures.md", "figures"),
        ("docs/registers.md", "registers"),
    ],
)
def test_the_commands_print_what_the_document_shows(city: City, document: str, name: str) -> None:
    assert "19 rosters are in, 2000 rows new" in city.loaded
    assert city.differences(document, name) == []


def test_what_the_guides_leave_is_ignored_and_nobody_elses_to_read(city: City) -> None:
    """Goes on with the checkout of the commands above."""
    assert len(city.checkout.written()) > 8
    assert city.checkout.exposed() == []


def test_both_readmes_name_the_two_commands_first() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        commands = re.findall(r"^make (\w+)", (blocks.ROOT / name).read_text(), re.MULTILINE)
        assert commands[:2] == ["run", "test"]


def test_the_devices_of_the_demo_find_what_they_are_bound_to(city: City) -> None:
    for device, places in DEVICES.values():
        assert city.client.get(f"{places}&limit=1")["items"], device
