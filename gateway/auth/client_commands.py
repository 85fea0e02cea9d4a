"""Commands for registered clients: ``python -m gateway client …``, and the same under ``python -m cli clients``.

Lives here: the commands. Not here: what they do (``clients``). A secret is printed once, when it is made, and nowhere else.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Iterator, Mapping
from uuid import UUID

import click
from sqlalchemy import Engine

from chassis.ground import clock
from chassis.store.database import make_engine
from gateway import settings
from gateway.auth import clients
from gateway.auth.scopes import EVERYBODY, SCOPES, SECURITY, TYPES

_as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
_valid_for = click.option(
    "--valid-for", "valid_for", type=click.IntRange(1, 3660), metavar="DAYS", help="The secret ends after so many days."
)


@click.group()
def client() -> None:
    """Registered clients: systems, channels, devices, operators and auditors that may get tokens."""


@client.command()
@click.argument("name")
@click.option("--department", required=True, help="The department the client speaks for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(["all", *SCOPES]),
    help="What it may do; repeatable. all: every scope of its type but clients:govern and people:all.",
)
@click.option("--type", "kind", type=click.Choice(list(TYPES)), default="system", show_default=True, help="What it is.")
@click.option(
    "--bound-to", "bound_to", multiple=True, type=click.UUID, help="A device's place or activity, by id; repeatable."
)
@_valid_for
@_as_json
def add(
    name: str,
    department: str,
    scopes: tuple[str, ...],
    kind: str,
    bound_to: tuple[UUID, ...],
    valid_for: int | None,
    as_json: bool,
) -> None:
    """Register a client and print its secret, once."""
    chosen = sorted(TYPES[kind] - SECURITY - {EVERYBODY}) if "all" in scopes else list(scopes)
    wanted = clients.Registration(name, department, chosen, kind, bound_to)
    with _database() as engine:
        client_id, new_secret = clients.register(engine, wanted, now=clock.now(), expires_at=_end(valid_for))
    made = {"client_id": client_id, "client_secret": new_secret, "scopes": sorted(chosen), "department": department}
    made |= {"type": kind} | ({"bound_to": [str(one) for one in bound_to]} if bound_to else {})
    _print(made, "\n".join(f"{key:14} {value}" for key, value in made.items()), as_json=as_json)


@client.command("list")
@_as_json
def list_clients(as_json: bool) -> None:
    """Every client, with its department and scopes."""
    with _database() as engine:
        found = clients.all_clients(engine)
    for one in found:
        state = "revoked" if one.revoked_at else "live"
        about = {"client_id": one.id, "department": one.department, "state": state, "scopes": one.scopes}
        about |= {"type": one.type, "bound_to": [str(place) for place in one.bound_to]}
        line = f"{one.id:28} {one.department:20} {state:8} {one.type:9} {' '.join(one.scopes)}"
        _print(about, line, as_json=as_json)


@client.command()
@click.argument("client_id")
@_valid_for
@_as_json
def rotate(client_id: str, valid_for: int | None, as_json: bool) -> None:
    """Print a further secret; the one before stays valid until the next rotation."""
    with _database() as engine:
        new_secret = clients.rotate(engine, client_id, now=clock.now(), expires_at=_end(valid_for))
    _print({"client_id": client_id, "client_secret": new_secret}, new_secret, as_json=as_json)


@client.command()
@click.argument("client_id")
@_as_json
def revoke(client_id: str, as_json: bool) -> None:
    """Give out no more tokens; those in use end within 15 minutes."""
    with _database() as engine:
        clients.revoke(engine, client_id, now=clock.now())
    _print({"client_id": client_id, "state": "revoked"}, f"{client_id} revoked", as_json=as_json)


@client.command()
@click.argument("client_id")
@click.argument("places", nargs=-1, required=True, type=click.UUID)
@_as_json
def bind(client_id: str, places: tuple[UUID, ...], as_json: bool) -> None:
    """Make a client the device of these places or activities, by their ids."""
    with _database() as engine:
        clients.bind(engine, client_id, places)
    bound_to = [str(place) for place in places]
    _print({"client_id": client_id, "type": "device", "bound_to": bound_to}, f"{client_id} bound", as_json=as_json)


@client.command("migrate-scopes")
@click.option("--office", "offices", multiple=True, help="A department that keeps what it governs; repeatable.")
@click.option("--drop-old", is_flag=True, help="Remove the old names: when no gateway of version 0.1 runs any more.")
@click.option("--apply", "applies", is_flag=True, help="Do it; without this the changes are only printed.")
@_as_json
def migrate_scopes(offices: tuple[str, ...], drop_old: bool, applies: bool, as_json: bool) -> None:
    """Give clients of version 0.1 the scopes that replace theirs (docs/operating.md)."""
    with _database() as engine:
        changes = clients.migrate_scopes(engine, offices=offices, drops=drop_old, is_trial=not applies)
    for one in changes:
        written = " ".join([*(f"+{scope}" for scope in one.added), *(f"-{scope}" for scope in one.dropped)])
        _print(one._asdict(), f"{one.client_id:28} {one.department:20} {written}", as_json=as_json)


def _end(valid_for: int | None) -> dt.datetime | None:
    return clock.now() + dt.timedelta(days=valid_for) if valid_for else None


@contextlib.contextmanager
def _database() -> Iterator[Engine]:
    url = settings.database_url()
    try:
        yield make_engine(url, pool_size=1, name="gateway.command")
    except clients.ClientProblem as problem:
        raise click.ClickException(str(problem)) from problem


def _print(made: Mapping[str, object], text: str, *, as_json: bool) -> None:
    click.echo(json.dumps(made) if as_json else text)
