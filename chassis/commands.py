"""The commands of a service process: ``python -m services.<name> [run|migrate|dead …]``.

Lives here: the command line each service's ``__main__`` starts. ``run`` is the default. Not here: what the commands do.
"""

from __future__ import annotations

# first of all imports: it patches the standard library
from chassis import runner  # isort: skip

import importlib
import json
import logging
import sys
from typing import Any

import click

from chassis import dead_letters, lanes, logs, migrations, publisher, settings
from chassis.database import make_engine
from chassis.publisher import Outgoing

log = logging.getLogger(__name__)


def main(package: str) -> None:
    """Run the command line of the service in `package`, e.g. ``services.perks``."""
    name = package.rpartition(".")[2]
    service_settings = settings.service_settings(name)
    logs.configure(service=name)
    group(obj={"package": package, "settings": service_settings}, prog_name=f"python -m {package}")


@click.group(invoke_without_command=True)
@click.option("--lanes", "lane_names", default=",".join(lanes.ALL_LANES), show_default=True, help="Lanes to run here.")
@click.pass_context
def group(context: click.Context, lane_names: str) -> None:
    """Serve (the default), migrate, or look after dead letters."""
    context.obj["lanes"] = [name.strip() for name in lane_names.split(",") if name.strip()]
    unknown = set(context.obj["lanes"]) - set(lanes.ALL_LANES)
    if unknown:
        raise click.BadParameter(f"unknown lane {', '.join(sorted(unknown))}; there are {', '.join(lanes.ALL_LANES)}")
    if context.invoked_subcommand is None:
        context.invoke(run)


@group.command()
@click.pass_obj
def run(obj: dict[str, Any]) -> None:
    """Serve until SIGTERM."""
    module = importlib.import_module(f"{obj['package']}.service")
    sys.exit(runner.Process(module.Service, obj["settings"], obj["lanes"]).run())


@group.command()
@click.pass_obj
def migrate(obj: dict[str, Any]) -> None:
    """Bring the database to this code's version. Run it before the processes, never in them."""
    service = obj["settings"]
    migrations.upgrade(service.database_url, service.name)
    click.echo(f"{service.name}: at migration {migrations.head(service.name)}")


@group.group()
def dead() -> None:
    """Messages that were given up on."""


@dead.command("list")
@click.option("--consumer", help="Only of this handler, e.g. perks.on_affiliation_changed.")
@click.option("--all", "everything", is_flag=True, help="Those already redriven too.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def list_dead(obj: dict[str, Any], consumer: str | None, everything: bool, as_json: bool) -> None:
    """List dead letters, newest first."""
    with _engine(obj).connect() as connection:
        rows = dead_letters.list_dead(connection, consumer=consumer, redriven=everything)
    for row in rows:
        if as_json:
            click.echo(json.dumps(row, default=str, ensure_ascii=False))
        else:
            click.echo(
                f"{row['id']}  {row['died_at']:%Y-%m-%d %H:%M}  {row['consumer']}  {row['type'] or '-'}  {row['reason']}"
            )
    if not as_json:
        click.echo(f"{len(rows)} dead letters")


@dead.command()
@click.argument("letter_id")
@click.pass_obj
def show(obj: dict[str, Any], letter_id: str) -> None:
    """Show one dead letter with its body."""
    with _engine(obj).connect() as connection:
        row = dead_letters.show(connection, letter_id)
    if row is None:
        raise click.ClickException(f"no dead letter {letter_id}")
    body = bytes(row.pop("body"))
    click.echo(json.dumps(row, default=str, ensure_ascii=False, indent=2))
    click.echo(body.decode("utf-8", "backslashreplace"))


@dead.command()
@click.argument("letter_ids", nargs=-1)
@click.option("--consumer", help="All of this handler.")
@click.option("--dry-run", is_flag=True, help="Only say what would be sent.")
@click.pass_obj
def redrive(obj: dict[str, Any], letter_ids: tuple[str, ...], consumer: str | None, dry_run: bool) -> None:
    """Send dead letters to their handler again; each is marked once the broker has confirmed it."""
    if not letter_ids and consumer is None:
        raise click.UsageError("name dead letters by id, or a --consumer")
    sender = publisher.ConfirmedPublisher(obj["settings"].amqp_uri, name=f"{obj['settings'].name}.redrive")

    def publish(messages: list[Outgoing]) -> set[str]:
        return sender.publish(messages)

    with _engine(obj).begin() as connection:
        count = dead_letters.redrive(connection, publish, ids=list(letter_ids), consumer=consumer, dry_run=dry_run)
    click.echo(f"{count} {'would be sent' if dry_run else 'sent again'}")


def _engine(obj: dict[str, Any]) -> Any:
    return make_engine(obj["settings"].database_url, pool_size=1, name=f"{obj['settings'].name}.command")
