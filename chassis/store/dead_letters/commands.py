"""``python -m services.<name> dead list|show|redrive``: what an operator does with dead letters.

Lives here: the commands of one service, and what those over all services (``python -m cli dead``) share with them. Not
here: the table (``dead_letters``).
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from typing import Any

import click
from sqlalchemy import Engine

from chassis.broker import publisher
from chassis.ground import clock
from chassis.store import dead_letters
from chassis.store.database import make_engine
from chassis.store.dead_letters import Wanted

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Age(click.ParamType[dt.datetime]):
    """A time ago: 90s, 30m, 2h, 7d. Its value is that instant."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.datetime:
        """The instant that long ago."""
        if isinstance(value, dt.datetime):
            return value
        if not (parts := re.fullmatch(r"(\d{1,6})([smhd])", value)):
            self.fail(f"{value!r} is no age; write 90s, 30m, 2h or 7d", param, ctx)
        return clock.now() - dt.timedelta(**{_UNITS[parts[2]]: int(parts[1])})


def filtered(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that choose dead letters."""
    options = (
        click.option("--consumer", help="Of this handler, e.g. perks.on_affiliation_changed."),
        click.option("--type", "event_type", help="Of this event type, e.g. talent.affiliation.ended.v1."),
        click.option("--reason", help="With these words in the reason, e.g. undecodable."),
        click.option("--older", "died_before", type=Age(), help="Longer ago than this: 90s, 30m, 2h, 7d."),
        click.option("--newer", "died_after", type=Age(), help="Since then at most: 90s, 30m, 2h, 7d."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def dead() -> None:
    """Messages that were given up on."""


@dead.command("list")
@filtered
@click.option("--all", "redriven", is_flag=True, help="Those already sent again too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def list_dead(obj: dict[str, Any], /, as_json: bool, **filters: Any) -> None:
    """List dead letters, newest first."""
    _print(_engine(obj), Wanted(**filters), as_json=as_json)


@dead.command()
@click.argument("letter_id", type=click.UUID)
@click.pass_obj
def show(obj: dict[str, Any], letter_id: Any) -> None:
    """Show one dead letter with its body."""
    with _engine(obj).connect() as connection:
        row = dead_letters.show(connection, str(letter_id))
    if row is None:
        raise click.ClickException(f"no dead letter {letter_id}")
    body = bytes(row.pop("body"))
    click.echo(json.dumps(row, default=str, ensure_ascii=False, indent=2))
    click.echo(body.decode("utf-8", "backslashreplace"))


@dead.command()
@click.argument("letter_ids", nargs=-1, type=click.UUID)
@filtered
@click.option("--all", "everything", is_flag=True, help="All there are, without any filter.")
@click.option("--dry-run", is_flag=True, help="Only list what would be sent.")
@click.pass_obj
def redrive(
    obj: dict[str, Any], /, letter_ids: tuple[Any, ...], everything: bool, dry_run: bool, **filters: Any
) -> None:
    """Send dead letters to their handlers again; each is marked once the broker has confirmed it."""
    if not (letter_ids or everything or any(filters.values())):
        raise click.UsageError("name dead letters by id or by a filter, or say --all")
    wanted = Wanted(ids=[str(letter_id) for letter_id in letter_ids], **filters)
    engine = _engine(obj)
    if dry_run:
        _print(engine, wanted, as_json=False)
        return
    sent, left = send_again(obj["settings"].name, engine, obj["settings"].amqp_uri, wanted)
    click.echo(f"{sent} sent again")
    if left:
        raise click.ClickException(f"{left} reached no queue and stay; run `python -m chassis topology apply`")


def send_again(service: str, engine: Engine, amqp_uri: str, wanted: Wanted) -> tuple[int, int]:
    """Redrive dead letters of a service as its own broker user: how many were sent, and how many reached no queue."""
    sender = publisher.ConfirmedPublisher(amqp_uri, name=f"{service}.redrive")
    try:
        return dead_letters.redrive(engine, sender.publish, wanted)
    finally:
        sender.close()


def _print(engine: Engine, wanted: Wanted, *, as_json: bool) -> None:
    with engine.connect() as connection:
        rows = dead_letters.list_dead(connection, wanted)
        total = dead_letters.count(connection, wanted)
    for row in rows:
        if as_json:
            click.echo(json.dumps(row, default=str, ensure_ascii=False))
        else:
            about = (row["consumer"], row["type"] or "-", row["reason"])
            click.echo("  ".join((str(row["id"]), f"{row['died_at']:%Y-%m-%d %H:%M:%S}", *about)))
    if not as_json:
        click.echo(f"{total} dead letters" + (f", the newest {len(rows)} shown" if total > len(rows) else ""))


def _engine(obj: dict[str, Any]) -> Engine:
    return make_engine(obj["settings"].database_url, pool_size=1, name=f"{obj['settings'].name}.command")
