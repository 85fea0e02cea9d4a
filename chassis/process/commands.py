"""The commands of a service process: ``python -m services.<name> [run|migrate|dead …|republish …|state …|compare …]``.

Lives here: the command line each service's ``__main__`` starts. ``run`` is the default. Not here: what operators do with dead
letters (``chassis.store.dead_letters.commands``) and when a copy is lost (``chassis.rebuilding.commands``).
"""

from __future__ import annotations

# first of all imports: it patches the standard library
from chassis.process import runner  # isort: skip

import importlib
import sys
from typing import Any

import click
from sqlalchemy import make_url

from chassis.ground import lanes, logs, settings
from chassis.rebuilding import commands as rebuild_commands
from chassis.store.dead_letters import commands as dead_letter_commands
from chassis.store import migrations


def main(package: str) -> None:
    """Run the command line of the service in `package`, e.g. ``services.perks``."""
    name = package.rpartition(".")[2]
    service_settings = None
    try:
        service_settings = settings.service_settings(name)
    except (RuntimeError, ValueError) as problem:  # missing, or not to be read
        if "--help" not in sys.argv:
            sys.exit(f"{package}: {problem} (every variable: docs/settings.md)")
    logs.configure(service=name)
    group(obj={"package": package, "settings": service_settings}, prog_name=f"python -m {package}")


@click.group(invoke_without_command=True)
@click.option("--lanes", "lane_names", help=f"Lanes to run here, of {','.join(lanes.ALL_LANES)}; all without it.")
@click.option(
    "--rebuilding", is_flag=True, help="All this process does is a replay: no person is notified. Never with rpc."
)
@click.pass_context
def group(context: click.Context, lane_names: str | None, rebuilding: bool) -> None:
    """Serve (the default), migrate, rebuild copies, or look after dead letters."""
    usual = lanes.REBUILDING_LANES if rebuilding else lanes.ALL_LANES
    chosen = [name.strip() for name in lane_names.split(",") if name.strip()] if lane_names else list(usual)
    if unknown := set(chosen) - set(lanes.ALL_LANES):
        raise click.BadParameter(f"unknown lane {', '.join(sorted(unknown))}; there are {', '.join(lanes.ALL_LANES)}")
    if rebuilding and lanes.RPC in chosen:
        raise click.BadParameter("a service that is being rebuilt answers no requests: leave the rpc lane out")
    context.obj |= {"lanes": chosen, "rebuilding": rebuilding}
    if context.invoked_subcommand is None:
        context.invoke(run)
    else:  # what a command prints may be read by another
        logs.configure(service=context.obj["package"].rpartition(".")[2], to=sys.stderr)


@group.command()
@click.pass_obj
def run(obj: dict[str, Any]) -> None:
    """Serve until SIGTERM."""
    module = importlib.import_module(f"{obj['package']}.service")
    process = runner.Process(module.Service, obj["settings"], obj["lanes"], rebuilding=obj["rebuilding"])
    sys.exit(process.run())


@group.command()
@click.pass_obj
def migrate(obj: dict[str, Any]) -> None:
    """Bring the database to this code's version, as its owner, and give the role that runs its rights. Run it before
    the processes, never in them.
    """
    service = obj["settings"]
    running = make_url(service.database_url).username
    migrations.upgrade(service.migration_database_url, service.name, running=running)
    click.echo(f"{service.name}: at migration {migrations.head(service.name)}")


for command in (
    dead_letter_commands.dead,
    rebuild_commands.republish,
    rebuild_commands.state,
    rebuild_commands.compare,
    rebuild_commands.list_copies,
):
    group.add_command(command)
