"""Whatever the command line says, it says in Chinese too; and how it is called and how it ends is written down."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import click
import pytest

from cli import exits
from cli.__main__ import COMMANDS, main
from cli.chinese import CHINESE
from tests.documents.blocks import blocks, output_of
from tests.support.checkouts import bare_environment
from tests.support.command_lines import CommandLine

ROOT = Path(__file__).resolve().parents[2]
BLANK = re.compile(r"\{\w+\}")
#: What click itself offers in every command.
CLICKS_OWN = "Show this message and exit."


def commands(command: click.Command, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], click.Command]:
    """Every command by the words that call it."""
    found = {path: command}
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            one = command.get_command(context, name)
            assert one is not None
            found |= commands(one, (*path, name))
    return found


def texts() -> set[str]:
    """Every sentence and every help text there is."""
    found = {CLICKS_OWN}
    for command in commands(main).values():
        found.add(inspect.cleandoc(command.help or "no help"))
        found |= {one.help or f"no help: {one.name}" for one in command.params if isinstance(one, click.Option)}
    found |= set(COMMANDS.values())
    for path in (ROOT / "cli").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
                found |= {one.value for one in node.args[:1] if isinstance(one, ast.Constant)}
    return found


class TestEveryText:
    def test_is_there_in_chinese(self) -> None:
        assert len(texts()) > 80
        assert sorted(texts() - CHINESE.keys()) == []

    def test_leaves_the_same_open_in_both_languages(self) -> None:
        for english, chinese in CHINESE.items():
            assert set(BLANK.findall(english)) == set(BLANK.findall(chinese)), english

    def test_of_the_dictionary_is_used_somewhere(self) -> None:
        code = "".join(path.read_text() for path in (ROOT / "cli").rglob("*.py") if path.name != "chinese.py")
        gone = [text for text in CHINESE.keys() - texts() if f'"{text}"' not in code and not text.isidentifier()]
        assert gone == []


class TestEveryCommand:
    def test_takes_json(self) -> None:
        for path, command in commands(main).items():
            if not isinstance(command, click.Group):
                assert "--json" in {word for one in command.params for word in one.opts}, path

    def test_is_shown_in_the_chosen_language(self, bare: CommandLine) -> None:
        english, chinese = bare("trace", "--help").out, bare("--lang", "zh", "trace", "--help").out
        assert "Usage: python -m cli trace" in english
        assert "用法" in chinese
        assert "往前查多久" in chinese
        assert "How far back" not in chinese

    def test_ends_with_a_status_the_help_names(self) -> None:
        statuses = (exits.DONE, exits.REFUSED, exits.USAGE, exits.UNREACHABLE, exits.INTERRUPTED)
        assert [int(one) for one in re.findall(r"(\d+) [a-zC]", main.help or "")] == list(statuses)


class TestCompletion:
    def test_installed_as_the_page_says_completes_in_a_shell(self, tmp_path: Path) -> None:
        """The page's block, typed in bash; then what bash would complete."""
        (block,) = [one.text for one in blocks(ROOT / "docs/command-line.md") if one.name == "completion"]
        asked = "COMP_WORDS=(youthcity imports up) COMP_CWORD=2; _youthcity_completion youthcity; echo ${COMPREPLY[*]}"
        environment = {**bare_environment(), "HOME": str(tmp_path)}
        assert output_of(block + asked, ROOT, environment, 60).split() == ["upload"]

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_names_commands_and_options(self, bare: CommandLine, shell: str) -> None:
        words = {"COMP_WORDS": "youthcity imports up", "COMP_CWORD": "2" if shell != "fish" else "up"}
        completed = bare(YOUTHCITY_PROGRAM="1", _YOUTHCITY_COMPLETE=f"{shell}_complete", **words)
        assert "upload" in completed.out
        script = bare(YOUTHCITY_PROGRAM="1", _YOUTHCITY_COMPLETE=f"{shell}_source")
        assert "youthcity" in script.out
