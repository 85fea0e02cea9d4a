"""The gateway's commands: ``python -m gateway [run|migrate|client …]``; ``run`` is the default."""

from __future__ import annotations

import os
import sys

import click
from sqlalchemy import make_url

from chassis.ground import logs, tls
from chassis.keys.rings import KeyProblem
from chassis.store import migrations
from gateway import settings
from gateway.app import load_keys
from gateway.auth import client_commands

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
    found = settings.load()
    if not found.is_dev:
        logs.configure(service="gateway")
        uris = {"the database's address": found.database_url, "the broker's address": found.amqp_uri}
        tls.warn_of_exposed(uris, found.private_hosts)
    try:
        load_keys(found)
    except KeyProblem as problem:
        click.echo(f"gateway: not started: {problem}", err=True)
        sys.exit(EXIT_CONFIGURATION)
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        "python:gateway.serving.gunicorn_conf",
        "gateway.serving.wsgi:app",
    ]
    os.execv(sys.executable, command)


@main.command()
def migrate() -> None:
    """Bring the gateway's database to this code's version, as its owner, and give the role that runs its rights."""
    found = settings.load()
    migrations.upgrade(found.migration_database_url, "gateway", running=make_url(found.database_url).username)
    click.echo(f"gateway: at migration {migrations.head('gateway')}")


main.add_command(client_commands.client)


if __name__ == "__main__":
    main()
