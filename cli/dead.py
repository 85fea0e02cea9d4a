"""``dead list|show|redrive``: the dead letters of all services, or of one.

Lives here: the loop over the services. Not here: filters and sending (``chassis.store.dead_letters.commands``), the table
(``chassis.store.dead_letters``).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from chassis.broker import topology
from chassis.store import dead_letters
from chassis.store.dead_letters import Wanted, commands
from cli import places, printing, servers
from cli.exits import UNREACHABLE, Refused, Unreachable
from cli.language import say
from cli.places import Service

_one_service = click.option("--service", type=click.Choice(topology.services()), help="Of this service alone.")


@click.group()
def dead() -> None:
    """Messages that were given up on, of every service."""


@dead.command("list")
@_one_service
@commands.filtered
@click.option("--all", "redriven", is_flag=True, help="Those already sent again too.")
@printing.as_json
def list_dead(service: str | None, as_json: bool, **filters: Any) -> None:
    """List dead letters, newest first."""
    found: list[dict[str, Any]] = []
    wanted, total = Wanted(**filters), 0

    def look(place: Service) -> None:
        nonlocal total
        with servers.engine_of(place).connect() as connection:
            found.extend({"service": place.name, **row} for row in dead_letters.list_dead(connection, wanted))
            total += dead_letters.count(connection, wanted)

    missed = _in_each(service, look)
    found.sort(key=lambda row: row["died_at"], reverse=True)
    if as_json:
        for row in found:
            printing.print_json(row)
    else:
        columns = ("id", "died_at", "consumer", "type", "reason")
        printing.print_table(columns, [[row[column] for column in columns] for row in found])
        printing.note(say("{total} dead letters, {shown} shown", total=total, shown=len(found)))
    _end(missed)


@dead.command()
@click.argument("letter_id", metavar="ID", type=click.UUID)
@_one_service
@printing.as_json
def show(letter_id: Any, service: str | None, as_json: bool) -> None:
    """Show one dead letter with its body."""
    found: list[dict[str, Any]] = []

    def look(place: Service) -> None:
        with servers.engine_of(place).connect() as connection:
            if row := dead_letters.show(connection, str(letter_id)):
                found.append({"service": place.name, **row})

    missed = _in_each(service, look)
    if not found:
        if missed:
            _end(missed)
        raise Refused(say("There is no dead letter {id}.", id=letter_id), "not_found")
    letter = {**found[0], "body": bytes(found[0]["body"]).decode("utf-8", "backslashreplace")}
    if as_json:
        printing.print_json(letter)
    else:
        printing.print_pairs({**letter, "headers": json.dumps(letter["headers"])})


@dead.command()
@click.argument("letter_ids", metavar="[ID]...", nargs=-1, type=click.UUID)
@_one_service
@commands.filtered
@click.option("--all", "everything", is_flag=True, help="All there are, without any filter.")
@click.option("--dry-run", is_flag=True, help="Only print how many would be sent.")
@printing.as_json
def redrive(
    letter_ids: tuple[Any, ...],
    service: str | None,
    everything: bool,
    dry_run: bool,
    as_json: bool,
    **filters: Any,
) -> None:
    """Send dead letters to their handlers again; each is marked once the broker has confirmed it."""
    if not (letter_ids or everything or any(filters.values())):
        raise click.UsageError(say("Name dead letters by id or by a filter, or give --all."))
    wanted, left_anywhere = Wanted(ids=[str(letter_id) for letter_id in letter_ids], **filters), 0

    def send(place: Service) -> None:
        nonlocal left_anywhere
        waiting, sent, left = _redrive_in(place, wanted, dry_run=dry_run)
        left_anywhere += left
        if as_json:
            printing.print_json({"service": place.name, "matching": waiting, "sent": sent, "left": left})
        elif waiting:
            text = (
                "{service}: {waiting} would be sent again" if dry_run else "{service}: {sent} of {waiting} sent again"
            )
            click.echo(say(text, service=place.name, sent=sent, waiting=waiting))

    missed = _in_each(service, send)
    if left_anywhere:
        why = say("{count} reached no queue and stay; run `python -m chassis topology apply`.", count=left_anywhere)
        raise Refused(why, "no_queue")
    _end(missed)


def _redrive_in(place: Service, wanted: Wanted, *, dry_run: bool) -> tuple[int, int, int]:
    """Redrive the letters of a service; returns how many match, were sent, and reached no queue."""
    engine = servers.engine_of(place)
    with engine.connect() as connection:
        waiting = dead_letters.count(connection, wanted)
    if dry_run or not waiting:
        return waiting, 0, 0
    uri = places.require_broker_of(place)
    with servers.reaching(say("the broker")):
        return waiting, *commands.send_again(place.name, engine, uri, wanted)


def _in_each(chosen: str | None, look: Callable[[Service], None]) -> list[Unreachable]:
    """Look into each service; returns the failures of those whose database did not answer."""
    missed = []
    for place in places.services(chosen):
        try:
            with servers.reaching(say("the database of {service}", service=place.name)):
                look(place)
        except Unreachable as away:
            printing.note(away.message)
            missed.append(away)
    return missed


def _end(missed: list[Unreachable]) -> None:
    if missed:
        click.get_current_context().exit(UNREACHABLE)
