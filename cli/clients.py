"""``clients register|rotate|revoke|bind|migrate-scopes|list``: the gateway's own commands, on the database ``places`` has found.

The list is a table here; the gateway's own (``python -m gateway client list``) is for its container, which has no ``cli``.
"""

from __future__ import annotations

from typing import Any

import click

from chassis.store.database import make_engine
from cli import places, printing
from cli.language import say
from cli.servers import reaching
from gateway import settings
from gateway.auth import client_commands
from gateway.auth import clients as registered


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


@clients.command("list")
@printing.as_json
def list_clients(as_json: bool) -> None:
    """Every client, with its department and scopes."""
    engine = make_engine(settings.database_url(), pool_size=1, name="cli.clients")
    rows = []
    for one in registered.all_clients(engine):
        about: dict[str, Any] = {
            "client_id": one.id,
            "department": one.department,
            "state": "revoked" if one.revoked_at else "live",
        }
        about |= {"type": one.type, "scopes": one.scopes, "bound_to": [str(place) for place in one.bound_to]}
        if as_json:
            printing.print_json(about)
        rows.append((one.id, one.department, say(about["state"]), one.type, " ".join(one.scopes)))
    if not as_json:
        printing.print_table(("client", "department", "state", "type", "scopes"), rows)


clients.add_command(client_commands.add, "register")
clients.add_command(client_commands.rotate)
clients.add_command(client_commands.revoke)
clients.add_command(client_commands.bind)
clients.add_command(client_commands.migrate_scopes)
