"""``environment``: the variables of this checkout's platform, for a shell that types the commands of the operators' guides."""

from __future__ import annotations

import os
import shlex

import click

from cli import places, printing
from cli.exits import NotSetUp
from cli.language import say


@click.command()
@printing.as_json
def environment(as_json: bool) -> None:
    """Print the variables of this checkout's platform, for a shell: eval "$(python -m cli environment)".

    They hold passwords: let the shell take them, and write them nowhere.
    """
    local = places.platform_here()
    if not local:
        raise NotSetUp(say("No platform runs in this checkout: `make up` starts one."))
    gateway = places.gateway_of(local)
    path = os.pathsep.join([*local["programs"], os.environ["PATH"]])
    found = {
        "PATH": path,
        **local["environment"],
        "YOUTHCITY_URL": gateway.url,
        "YOUTHCITY_CLIENT_ID": gateway.client_id,
        "YOUTHCITY_CLIENT_SECRET": gateway.client_secret,
        "YOUTHCITY_LOGS": local["logs"],
    }
    if as_json:
        printing.print_json(found)
        return
    for name, value in found.items():
        click.echo(f"export {name}={shlex.quote(value)}")
