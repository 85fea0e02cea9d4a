"""``clients register|rotate|revoke|list``: the gateway's own commands, on the database that ``places`` has found."""

from __future__ import annotations

from typing import Any

import click

from cli import places
from cli.exits import reaching
from cli.language import say
from gateway.auth import client_commands


class _InGatewaysDatabase(click.Group):
    """Commands whose failures name the database they could not reach."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with reaching(say("the gateway's database")):
            return super().invoke(ctx)


@click.group(cls=_InGatewaysDatabase)
def clients() -> None:
    """Registered clients: departments' systems that may request tokens."""
    places.require_clients_database()


clients.add_command(client_commands.add, "register")
clients.add_command(client_commands.rotate)
clients.add_command(client_commands.revoke)
clients.add_command(client_commands.bind)
clients.add_command(client_commands.migrate_scopes)
clients.add_command(client_commands.list_clients, "list")
