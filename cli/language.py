"""The language of the command line: English as in the code, or Chinese from the dictionary.

Lives here: choosing the language, translating a sentence, and translating the help of every command, also of those that come
from other packages. Not here: the Chinese texts (``chinese``).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

import click

from cli.chinese import CHINESE, CLICK, HEADINGS

ZH, EN = "zh", "en"
LANGUAGES = (ZH, EN)
_VARIABLES = ("YOUTHCITY_LANG", "LC_ALL", "LC_MESSAGES", "LANG")

_chosen = EN


def of_environment(environment: Mapping[str, str]) -> str:
    """The language of the first variable that is set, as gettext does it; English for any other language."""
    value = next((environment[name] for name in _VARIABLES if environment.get(name)), "")
    return ZH if value.lower().startswith(ZH) else EN


def choose(language: str) -> None:
    """Use `language` from now on."""
    global _chosen
    _chosen = language


def pick(zh: str, en: str) -> str:
    """That of two texts which is in the chosen language."""
    return zh if _chosen == ZH else en


def say(template: str, /, **values: object) -> str:
    """The sentence in the chosen language, its placeholders filled in."""
    return translated(template).format(**values)


def translated(text: str) -> str:
    """The Chinese translation where Chinese is chosen and there is one; else the text itself."""
    return CHINESE.get(text, text) if _chosen == ZH else text


def translate_help(command: click.Command) -> None:
    """Put the help of a command, its parameters and its subcommands into the chosen language."""
    if command.help:
        command.help = translated(_english(command, inspect.cleandoc(command.help)))
        command.short_help = command.help.split("\n")[0]
    for option in command.params:
        if isinstance(option, click.Option) and option.help:
            option.help = translated(_english(option, option.help))
    for name in command.commands if isinstance(command, click.Group) else ():
        translate_help(command.commands[name])  # type: ignore[attr-defined]


def _english(described: click.Command | click.Option, text: str) -> str:
    """The help as it was written, `text` where it has not been translated yet: the language may change within a process."""
    return str(described.__dict__.setdefault("help_in_english", text))


class Formatter(click.HelpFormatter):
    """click's own, with its few words in the chosen language."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The usage line."""
        super().write_usage(prog, args, f"{HEADINGS['Usage']}: " if _chosen == ZH else prefix)

    def write_heading(self, heading: str) -> None:
        """A heading."""
        super().write_heading(HEADINGS.get(heading, heading) if _chosen == ZH else heading)

    def write_dl(self, rows: Any, *arguments: Any, **options: Any) -> None:
        """Options and commands; the text of --help is click's own."""
        super().write_dl([(term, translated(text)) for term, text in rows], *arguments, **options)


def of_click(message: str) -> str:
    """A message of click about a wrong call, in the chosen language."""
    if _chosen == ZH:
        for pattern, text in CLICK.items():
            if found := re.fullmatch(pattern, message, re.DOTALL):
                return text.format(*found.groups())
    return message
