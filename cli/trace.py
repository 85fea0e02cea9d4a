"""``trace ID``: a timeline of everything that belongs to an id: HTTP, commands, rows, events, dead letters, messages.

Lives here: from an id to all related ids, and the output. Not here: reading each kind of entry (``timeline``).
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import click

from chassis.store.dead_letters.commands import Age
from cli import places, printing, servers
from cli.exits import UNREACHABLE, Refused, Unreachable
from cli.language import say
from cli.places import Service
from cli.timeline import log_files
from cli.timeline.entries import Entry, Ids
from cli.timeline.records import Records

#: Request → event → events caused by it → events caused by those; more rounds than any chain here is long.
ROUNDS = 6
#: Ids printed beside an entry; --json has all of them.
_SHOWN = ("subject_id", "event_id", "client", "import_id", "dead_letter_id", "delivery_id", "problem")

#: The columns of an entry, and how wide they are.
_COLUMNS = {"at": 23, "service": 8, "kind": 9, "what": 40, "about": 5}

_T = TypeVar("_T")


@click.command()
@click.argument("wanted", metavar="ID")
@click.option("--since", type=Age(), default="7d", show_default=True, help="How far back: 30m, 2h, 7d.")
@click.option("--logs", "folder", type=click.Path(exists=True, file_okay=False), help="Folder of log files.")
@printing.as_json
def trace(wanted: str, since: dt.datetime, folder: str | None, as_json: bool) -> None:
    """One timeline of ID: of a trace, a request (X-Request-Id), an event, a dead letter, an import, a message, a delivery."""
    found, missed = _look(wanted, since, Path(folder) if folder else places.logs())
    if not found and not missed:
        since_when = printing.shown(since)
        raise Refused(say("Nothing is known of {id} since {since}.", id=wanted, since=since_when), "not_found")
    if found and not as_json:
        printing.print_headings(_COLUMNS)
    for entry in sorted(found, key=lambda entry: entry.at):
        _print(entry, as_json=as_json)
    if missed:
        click.get_current_context().exit(UNREACHABLE)


def _look(wanted: str, since: dt.datetime, folder: Path | None) -> tuple[list[Entry], bool]:
    """All entries, and whether some database did not answer."""
    ids, logged = Ids(traces={wanted.lower()}, requests={wanted}), []
    with contextlib.ExitStack() as stack:
        sources = [_Source(service) for service in places.services()]
        for source in sources:
            source.run(partial(source.open, stack, wanted, since, ids))
        for _ in range(ROUNDS):
            before = ids.count()
            logged = log_files.read(folder, ids) if folder and folder.is_dir() else []
            for source in sources:
                source.run(partial(source.extend, ids))
            if ids.count() == before:
                break
        kept = [source.run(partial(source.entries, ids)) or [] for source in sources]
        return [*logged, *(entry for entries in kept for entry in entries)], any(source.is_away for source in sources)


class _Source:
    """One service's database, as long as it answers."""

    def __init__(self, service: Service) -> None:
        self._service, self.is_away = service, False

    def run(self, query: Callable[[], _T]) -> _T | None:
        """The result; None when the database does not answer, and for every later query."""
        if self.is_away:
            return None
        try:
            with servers.reaching(say("the database of {service}", service=self._service.name)):
                return query()
        except Unreachable as away:
            printing.note(away.message)
            self.is_away = True
            return None

    def open(self, stack: contextlib.ExitStack, wanted: str, since: dt.datetime, ids: Ids) -> None:
        """Connect, for reading only; a dead letter's id leads to its message and its trace."""
        connection = stack.enter_context(servers.engine_of(self._service).connect())
        self._records = Records(connection.execution_options(postgresql_readonly=True), self._service.name, since)
        with contextlib.suppress(ValueError):
            self._records.look_up(str(UUID(wanted)), ids)

    def extend(self, ids: Ids) -> None:
        self._records.extend(ids)

    def entries(self, ids: Ids) -> list[Entry]:
        return self._records.entries(ids)


def _print(entry: Entry, *, as_json: bool) -> None:
    if as_json:
        about = {"at": entry.at, "service": entry.service, "kind": entry.kind, "what": entry.what}
        printing.print_json({**about, **entry.about})
        return
    names = " ".join(f"{name}={value}" for name, value in entry.about.items() if name in _SHOWN)
    at = printing.shown(entry.at, precisely=True)
    click.echo(printing.line([at, entry.service, say(entry.kind), entry.what, names], _COLUMNS))
