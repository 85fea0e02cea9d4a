"""The gateway's commands: ``python -m gateway [run|migrate|client …]``; ``run`` is the default."""

from __future__ import annotations

import json
import os
import sys

import click

from chassis import clock, migrations
from chassis.database import make_engine
from chassis.keys import KeyProblem
from gateway import settings
from gateway.app import load_keys
from gateway.auth import clients
from gateway.auth.scopes import SCOPES

#: EX_CONFIG of sysexits.h, as the services end too.
EXIT_CONFIGURATION = 78


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Serve (the default), migrate, or look after clients."""
    if context.invoked_subcommand is None:
        context.invoke(run)


@main.command()
def run() -> None:
    """Serve HTTP until SIGTERM; ends with 78 where a key is missing, wrong, or a demo key outside dev."""
    try:
        load_keys(settings.load())
    except KeyProblem as problem:
        click.echo(f"gateway: not started: {problem}", err=True)
        sys.exit(EXIT_CONFIGURATION)
    command = [sys.executable, "-m", "gunicorn", "-c", "python:gateway.gunicorn_conf", "gateway.wsgi:app"]
    os.execv(sys.executable, command)


@main.command()
def migrate() -> None:
    """Bring the gateway's database to this code's version."""
    migrations.upgrade(settings.load().database_url, "gateway")
    click.echo(f"gateway: at migration {migrations.head('gateway')}")


@main.group()
def client() -> None:
    """Registered clients: departments' systems that may ask for tokens."""


@client.command()
@click.argument("name")
@click.option("--department", required=True, help="The department the client speaks for.")
@click.option("--scope", "scopes", multiple=True, help=f"Any of {', '.join(SCOPES)}; repeatable.")
@click.option("--all-scopes", is_flag=True, help="Every scope there is.")
@click.option("--json", "as_json", is_flag=True)
def add(name: str, department: str, scopes: tuple[str, ...], all_scopes: bool, as_json: bool) -> None:
    """Register a client and print its secret, once."""
    chosen = list(SCOPES) if all_scopes else list(scopes)
    try:
        client_id, secret = clients.register(
            _engine(), name=name, department=department, scopes=chosen, now=clock.now()
        )
    except clients.ClientProblem as problem:
        raise click.ClickException(str(problem)) from problem
    made = {"client_id": client_id, "client_secret": secret, "scopes": sorted(chosen), "department": department}
    click.echo(json.dumps(made) if as_json else "\n".join(f"{key:14} {value}" for key, value in made.items()))


@client.command("list")
def list_clients() -> None:
    """Every client, with its department and scopes."""
    for one in clients.all_clients(_engine()):
        state = "revoked" if one.revoked_at else "live"
        click.echo(f"{one.id:28} {one.department:20} {state:8} {' '.join(one.scopes)}")


@client.command()
@click.argument("client_id")
def rotate(client_id: str) -> None:
    """Print a further secret; the one before stays valid until the next rotation."""
    try:
        click.echo(clients.rotate(_engine(), client_id, now=clock.now()))
    except clients.ClientProblem as problem:
        raise click.ClickException(str(problem)) from problem


@client.command()
@click.argument("client_id")
def revoke(client_id: str) -> None:
    """Give out no more tokens; those in use end within 15 minutes."""
    try:
        clients.revoke(_engine(), client_id, now=clock.now())
    except clients.ClientProblem as problem:
        raise click.ClickException(str(problem)) from problem


def _engine():  # type: ignore[no-untyped-def]
    return make_engine(settings.load().database_url, pool_size=1, name="gateway.command")


if __name__ == "__main__":
    main()
