"""docs/settings.md is what the code reads: no variable is missing there, and none stands there that nothing reads."""

from __future__ import annotations

import ast
import re

from tests.architecture import source
from tests.documents import settings_page
from tests.documents.settings_words import WORDS

#: Read by name and no settings of ours: the system's, what a start gives its own children, and the locale.
OTHERS = {"PATH", "YOUTHCITY_PROGRAM", "YOUTHCITY_TESTS"}
ROOMS = ("chassis", "services", "gateway", "cli", "deploy/local", "doctor")


def test_the_page_of_settings_is_fresh() -> None:
    assert settings_page.PAGE.read_text(encoding="utf-8") == settings_page.page(), (
        "type python -m tests.documents.settings_page"
    )


def test_every_sentence_is_of_a_variable_that_is_read() -> None:
    assert {row.name for found in settings_page.rows().values() for row in found} == WORDS.keys()


def test_what_is_read_past_the_settings_stands_there_too() -> None:
    """``os.environ[…]`` and ``os.environ.get(…)`` with a name."""
    missing = set()
    for path in source.modules(*ROOMS):
        for node in ast.walk(source.tree(path)):
            name = None
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("environ.get") and node.args:
                name = node.args[0]
            elif isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("os.environ"):
                name = node.slice
            if isinstance(name, ast.Constant) and re.fullmatch(r"[A-Z][A-Z_]+", str(name.value)):
                missing |= {str(name.value)} - WORDS.keys() - OTHERS
    assert missing == {"PATH_INFO"}  # of a request


def test_both_languages_say_something_of_each() -> None:
    for name, words in WORDS.items():
        assert words.en.endswith("."), name
        assert words.zh.endswith("。"), name
        assert re.search(r"[\u4e00-\u9fff]", words.zh), name
