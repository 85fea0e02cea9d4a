"""``docs/settings.md``: every environment variable, written from the code that reads it and the sentences of ``settings_words``.

``python -m tests.documents.settings_page`` writes it; ``tests/documents/test_settings_page.py`` holds it fresh. Each ``load`` is
called in an empty environment, and what it asks for is noted: name, type and default are those of the code.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from unittest import mock

from environs import Env

import gateway.settings
import services.events.settings
import services.notify.settings
import services.perks.settings
import services.talent.settings
from chassis.ground import settings as chassis
from chassis.imports import settings as imports
from tests.architecture import source
from tests.documents.settings_words import WORDS

PAGE = source.ROOT / "docs/settings.md"
HEAD = """# Settings

Every environment variable, by who reads it. Written by `python -m tests.documents.settings_page` from the code; do not edit it by
hand. `<SERVICE>` is TALENT, EVENTS, PERKS or NOTIFY. A *secret* may be given as `<NAME>_FILE` instead, the path of a file that
holds it. Without a default a variable is required, or what it is for is off.

全部环境变量，按读取者分组，含义见每行末列。标为 *secret* 的可改用 `<NAME>_FILE` 给出文件路径。
没有默认值的变量必须设置，或相应功能关闭。
"""
SERVICE = "<service>"
#: Who reads → what is called; in this order on the page.
LOADERS: dict[str, Callable[[], Any]] = {
    "topology, every service": chassis.broker_settings,
    "every service": lambda: (chassis.service_settings(SERVICE), chassis.broker_user_of(SERVICE)),
    "talent": lambda: (services.talent.settings.load(), imports.load("talent")),
    "events": services.events.settings.load,
    "perks": services.perks.settings.load,
    "notify": services.notify.settings.load,
    "gateway": gateway.settings.load,
}
#: What is read beside the settings: reader → name, type, default.
OTHERS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "gateway": (("PROMETHEUS_MULTIPROC_DIR", "path", ""),),
    "python -m cli": (
        ("YOUTHCITY_URL", "secret", ""),
        ("YOUTHCITY_CLIENT_ID", "secret", ""),
        ("YOUTHCITY_CLIENT_SECRET", "secret", ""),
        ("RABBIT_API", "secret", ""),
        ("YOUTHCITY_LOGS", "path", ""),
        ("YOUTHCITY_LANG", "text", ""),
        ("YOUTHCITY_DEBUG", "text", ""),
        *(
            (name, "secret", "")
            for name in ("AMQP_URI", "<SERVICE>_DATABASE_URL", "<SERVICE>_AMQP_URI", "GATEWAY_DATABASE_URL")
        ),
        ("RETRY_DELAYS", "list", ""),
    ),
    "make run, make up": (
        ("DATABASE_URL", "text", ""),
        ("AMQP_URI", "text", ""),
        ("GATEWAY_PORT", "whole number", ""),
        ("PROCESSES_<SERVICE>", "whole number", "1"),
        ("YOUTHCITY_START_SECONDS", "number", "90"),
    ),
}
#: Without these some settings are not looked for.
GIVEN = {
    "YOUTHCITY_ENV": "dev",
    "AMQP_URI": "amqp://b",
    "<SERVICE>_DATABASE_URL": "postgresql://d",
    "GATEWAY_DATABASE_URL": "postgresql://d",
    "NOTIFY_SMTP_URL": "smtp://m",
    "NOTIFY_SMTP_FROM": "city@example.cn",
}
TYPES = {
    "str": "text",
    "int": "whole number",
    "float": "number",
    "bool": "on or off",
    "list": "list",
    "path": "path",
}
UNITS = {
    **{f"_{unit}": unit.lower() for unit in ("SECONDS", "MINUTES", "HOURS", "DAYS", "MONTHS", "BYTES", "WORKERS")},
    "PORT": "port",
}


class Row(NamedTuple):
    """A variable as the code reads it."""

    name: str
    type: str
    default: str


def rows() -> dict[str, list[Row]]:
    """Reader → the variables it reads."""
    found: dict[str, list[Row]] = {}
    for reader in dict.fromkeys([*LOADERS, *OTHERS]):
        with _noted() as asked:
            LOADERS.get(reader, lambda: None)()
        found[reader] = [*_rows(asked), *(Row(*one) for one in OTHERS.get(reader, ()))]
    return found


def page() -> str:
    """The whole page. Raises LookupError for a variable without a sentence."""
    lines = [HEAD]
    readers = rows()
    shown: set[str] = set()
    for reader, found in readers.items():
        lines += [
            f"## {reader}\n",
            "| variable | type | default | unit | also read by | meaning | 含义 |",
            f"|{'---|' * 7}",
        ]
        for row in found:
            if row.name in shown:
                continue
            shown.add(row.name)
            others = [
                name for name, rows in readers.items() if name != reader and row.name in {one.name for one in rows}
            ]
            if row.name not in WORDS:
                raise LookupError(f"{row.name} has no line in tests/documents/settings_words.py")
            words = WORDS[row.name]
            unit = words.unit or next((unit for ending, unit in UNITS.items() if row.name.endswith(ending)), "")
            default = f"`{row.default}`" if row.default else ""
            lines.append(
                f"| `{row.name}` | {row.type} | {default} | {unit} | {', '.join(others)} | {words.en} | {words.zh} |"
            )
        lines.append("")
    return "\n".join(lines)


@contextlib.contextmanager
def _noted() -> Iterator[dict[str, tuple[str, Any]]]:
    """Name → the method of Env that asked for it, and its default."""
    asked: dict[str, tuple[str, Any]] = {}

    def noting(method: str) -> Callable[..., Any]:
        real = getattr(Env, method)

        def ask(env: Env, name: str, *arguments: Any, **options: Any) -> Any:
            asked.setdefault(f"{env._prefix or ''}{name}", (method, arguments[0] if arguments else None))
            return real.__get__(env)(name, *arguments, **options)

        return ask

    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.dict(os.environ, GIVEN, clear=True))
        for method in TYPES:
            stack.enter_context(mock.patch.object(Env, method, noting(method)))
        yield asked


def _rows(asked: Mapping[str, tuple[str, Any]]) -> Iterator[Row]:
    for name, (method, default) in asked.items():
        if name.endswith("_FILE") and f"{name.removesuffix('_FILE')}" in {*asked, *GIVEN}:
            continue
        kind = "secret" if f"{name}_FILE" in asked else TYPES[method]
        yield Row(name, kind, _shown(default))


def _shown(default: Any) -> str:
    if isinstance(default, bool):
        return "on" if default else "off"
    if isinstance(default, list | tuple):
        return ",".join(_shown(one) for one in default)
    if isinstance(default, float):
        return f"{default:g}"
    return "" if default is None else str(default).replace(SERVICE, "the service's name")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
