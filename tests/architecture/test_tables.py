"""A subject reads and writes its own tables alone; what another subject knows, it asks that subject's use cases for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture import source

#: (module, table) → why it may: one statement on a hot path that would else be two round trips.
_REGISTER = "LOOK_UP: all that a registration reads before the lock of its session is one statement"
_WITH_SESSION = "a registration is read with the state and times of its session in one statement"
_SCAN = "_FACTS: all that a scan at the gate reads is one statement"
_STATEMENTS = "services/events/registrations/statements.py"
_REDEMPTIONS = "services/perks/redemptions/__init__.py"
_DELIVERIES = "services/notify/deliveries/__init__.py"
_REACH = "services/talent/people/reach.py"
EXCEPTIONS: dict[tuple[str, str], str] = {
    (
        "services/events/activities/figures.py",
        "registrations",
    ): "who came counts for the day of the session, in one select",
    ("services/perks/schemes/figures.py", "set_versions"): "a past day is counted by its sets, in one statement",
    **{(_STATEMENTS, table): _REGISTER for table in ("activities", "people", "affiliations", "organisations")},
    (_STATEMENTS, "activity_kinds"): "whose registrations are confidential is read with them, in the same statement",
    (_STATEMENTS, "sessions"): f"{_REGISTER}; {_WITH_SESSION}",
    **{(_REDEMPTIONS, table): _SCAN for table in ("affiliations", "entitlements", "organisations", "people")},
    **{(_REDEMPTIONS, table): _SCAN for table in ("schemes", "scheme_relations", "set_members")},
    **{(_REACH, table): "reach is decided in one statement" for table in ("affiliations", "organisations")},
    (_DELIVERIES, "messages"): "a sender claims deliveries with their texts in one statement",
}
#: Rooms of a service that stand above its subjects.
ABOVE = {
    "figures.py",
    "service.py",
    "settings.py",
    "registry.py",
    "tables.py",
    "sources.py",
    "__main__.py",
    "__init__.py",
}
_NAMED = re.compile(r"\b(?:from|join|into|update|delete from)\s+([a-z_]+)\b")


def subject_of(path: Path) -> str | None:
    """The subject a module of a service belongs to; None above the subjects."""
    room = path.parts[2]
    return None if room in ABOVE or room == "migrations" else room.removesuffix(".py")


def tables_of(service: str) -> dict[str, str]:
    """Table → the subject that declares it."""
    found = {}
    for path in source.modules(f"services/{service}"):
        if path.name == "tables.py" and (subject := subject_of(path)):
            found |= dict.fromkeys(source.tables(path).values(), subject)
    return found


def touched(service: str) -> Iterator[tuple[Path, str]]:
    """Each module with each table it touches, by class or by name in SQL."""
    classes = {
        f"services.{service}.{'.'.join(path.with_suffix('').parts[2:])}.{name}": table
        for path in source.modules(f"services/{service}")
        if path.name == "tables.py"
        for name, table in source.tables(path).items()
    }
    known = tables_of(service)
    for path in source.modules(f"services/{service}"):
        if subject_of(path) is None or path.name == "tables.py":
            continue
        by_class = {classes[name] for name in source.imported(path) if name in classes}
        by_name = {name for text in source.strings(path) for name in _NAMED.findall(text) if name in known}
        by_call = {name for name in light_tables(path) if name in known}
        yield from ((path, table) for table in sorted(by_class | by_name | by_call))


def light_tables(path: Path) -> Iterator[str]:
    """The tables a module names as ``table("messages", …)``."""
    for node in ast.walk(source.tree(path)):
        if isinstance(node, ast.Call) and source.called(node) == "table" and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)


@pytest.mark.parametrize("service", source.services())
def test_a_subject_touches_its_own_tables_alone(service: str) -> None:
    owner = tables_of(service)
    foreign = {(str(path), table) for path, table in touched(service) if owner[table] != subject_of(path)}
    assert sorted(foreign - EXCEPTIONS.keys()) == []


def test_every_exception_is_used_and_has_its_reason() -> None:
    used = {(str(path), table) for service in source.services() for path, table in touched(service)}
    assert sorted(EXCEPTIONS.keys() - used) == []
    assert all(len(reason) > 20 for reason in EXCEPTIONS.values())
