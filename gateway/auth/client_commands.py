"""Commands for registered clients: ``python -m gateway client …``, and the same under ``python -m cli clients``.

Lives here: the commands. Not here: what they do (``clients``). A secret is printed once, when it is made, and nowhere else.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping

import click
from sqlalchemy import Engine

from chassis.ground import clock
from chassis.store.database import make_engine
from gateway import settings
from gateway.auth import clients
from gateway.auth.scopes import SCOPES

_as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


@click.group()
def client() -> None:
    """Registered clients: departments' systems that may ask for tokens."""


@client.command()
@click.argument("name")
@click.option("--department", required=True, help="The department the client speaks for.")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(list(SCOPES)), help="What it may do; repeatable.")
@click.option("--all-scopes", is_flag=True, help="Every scope there is.")
@_as_json
def add(name: str, department: str, scopes: tuple[str, ...], all_scopes: bool, as_json: bool) -> None:
    """Register a client and print its secret, once."""
    chosen = list(SCOPES) if all_scopes else list(scopes)
    with _database() as engine:
        client_id, new_secret = clients.register(
            engine, name=name, department=department, scopes=chosen, now=clock.now()
        )
    made = {"client_id": client_id, "client_secret": new_secret, "scopes": sorted(chosen), "department": department}
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
        _print(about, f"{one.id:28} {one.department:20} {state:8} {' '.join(one.scopes)}", as_json=as_json)


@client.command()
@click.argument("client_id")
@_as_json
def rotate(client_id: str, as_json: bool) -> None:
    """Print a further secret; the one before stays valid until the next rotation."""
    with _database() as engine:
        new_secret = clients.rotate(engine, client_id, now=clock.now())
    _print({"client_id": client_id, "client_secret": new_secret}, new_secret, as_json=as_json)


@client.command()
@click.argument("client_id")
@_as_json
def revoke(client_id: str, as_json: bool) -> None:
    """Give out no more tokens; those in use end within 15 minutes."""
    with _database() as engine:
        clients.revoke(engine, client_id, now=clock.now())
    _print({"client_id": client_id, "state": "revoked"}, f"{client_id} revoked", as_json=as_json)


@contextlib.contextmanager
def _database() -> Iterator[Engine]:
    url = settings.database_url()
    try:
        yield make_engine(url, pool_size=1, name="gateway.command")
    except clients.ClientProblem as problem:
        raise click.ClickException(str(problem)) from problem


def _print(made: Mapping[str, object], text: str, *, as_json: bool) -> None:
    click.echo(json.dumps(made) if as_json else text)
