"""What commands print: tables for people, one JSON object a line for scripts. Notes go to standard error."""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import click

from chassis.ground import clock
from cli.language import say

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

as_json: Callable[..., Any] = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


def print_json(values: Mapping[str, Any]) -> None:
    """A line for scripts; instants in UTC."""
    click.echo(json.dumps(values, ensure_ascii=False, default=_plain))


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns as wide as they need to be; a Chinese character takes two."""
    lines = [[say(heading) for heading in headings], *([safe(cell) for cell in row] for row in rows)]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(headings))]
    for line in lines:
        padded = (text + " " * (width - _width(text)) for text, width in zip(line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def print_headings(widths: Mapping[str, int]) -> None:
    """The headings of lines that are printed one by one."""
    click.echo(line([say(heading) for heading in widths], widths))


def line(values: Iterable[object], widths: Mapping[str, int]) -> str:
    """A line under such headings; what is wider than its column moves the rest."""
    cells = ((safe(value), width) for value, width in zip(values, widths.values(), strict=True))
    return "  ".join(text + " " * (width - _width(text)) for text, width in cells).rstrip()


def print_pairs(pairs: Mapping[str, object]) -> None:
    """A name and its value on each line."""
    names = {name: say(name) for name in pairs}
    width = max(_width(name) for name in names.values())
    for name, value in pairs.items():
        click.echo(f"{names[name]}{' ' * (width - _width(names[name]))}  {safe(value)}")


def note(text: str) -> None:
    """A remark beside the output, on standard error."""
    click.echo(text, err=True)


def shown(instant: dt.datetime | None, *, precisely: bool = False) -> str:
    """An instant in Shanghai time."""
    if instant is None:
        return ""
    local = instant.astimezone(clock.SHANGHAI)
    return f"{local:%Y-%m-%d %H:%M:%S}" + (f".{local.microsecond // 1000:03d}" if precisely else "")


def safe(value: object) -> str:
    """A value on one line, without control characters for the terminal."""
    text = "" if value is None else shown(value) if isinstance(value, dt.datetime) else str(value)
    return _CONTROL.sub(" ", text)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _plain(value: Any) -> Any:
    return value.astimezone(dt.UTC).isoformat() if isinstance(value, dt.datetime) else str(value)
