"""``python -m services.<name> republish|state|compare``: what an operator does when a copy is new, lost, old or doubted.

Lives here: the commands. Not here: how it is done (``republish``, ``compare``), and in which order (``docs/rebuilding.md``). A
service lists in its ``sources`` what it can send (``SOURCES``) and in its ``copies`` what it holds (``COPIES``).
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import time
from collections import Counter
from typing import Any, TextIO

import click
from sqlalchemy import Engine

from chassis.broker import topology
from chassis.broker.wire import CONNECTION_ERRORS, Wire
from chassis.rebuilding import compare as comparing
from chassis.rebuilding import republish as republishing
from chassis.rebuilding.republish import PAGE, Page
from chassis.store import outbox
from chassis.store.database import make_engine
from contracts.language import envelope

ALL = "all"
REPORTED_EVERY = 20 * PAGE
#: Between pages the relay is let catch up: today's facts must not queue behind a million old ones.
MOST_WAITING = 2 * PAGE
EXIT_DIFFERENT = 1


@click.command()
@click.argument("subject")
@click.option("--to", "service", required=True, help="The one service it is for, e.g. perks.")
@click.option("--id", "ids", multiple=True, help="This one alone; may be given more than once.")
@click.option("--after", help="Go on after this id, the last one an interrupted run printed.")
@click.option("--dry-run", is_flag=True, help="Only count what would be sent.")
@click.pass_obj
def republish(
    obj: dict[str, Any], subject: str, service: str, ids: tuple[str, ...], after: str | None, dry_run: bool
) -> None:
    """Send the current state of SUBJECT (or `all`) to one service again, as a replay: no person is notified by it.

    Safe to interrupt and to repeat, and for two at once.
    """
    if subject == ALL and (ids or after):
        raise click.UsageError("--id and --after go with one subject")
    name, sources = obj["settings"].name, _named(obj, "sources", "SOURCES")
    chosen = list(sources) if subject == ALL else [_known(subject, sources, name)]
    envelope.check_values(obj["settings"].checks_events)
    plan = [(one, consumer) for one in chosen for consumer in republishing.subscribers(name, one, service)]
    if not plan:
        raise click.ClickException(f"the catalogue names no handler of {service} for {subject} of {name}")
    if not dry_run:
        check_queues(obj["settings"].amqp_uri, [consumer for _, consumer in plan])
    engine, first = _engine(obj), Page(after=after, ids=ids or None)
    for one, consumer in plan:
        count = _send(engine, sources[one], first, consumer, dry_run=dry_run)
        click.echo(f"{one}: {count} {'would be sent' if dry_run else 'written for the relay'} to {consumer}")


def _send(engine: Engine, read: republishing.Read, page: Page, consumer: str, *, dry_run: bool) -> int:
    send = republishing.count_page if dry_run else republishing.announce_page
    sent = reported = 0
    while True:
        try:
            count, last = send(engine, read, page, consumer=consumer)
        except republishing.IdUnreadable as unreadable:
            raise click.UsageError(str(unreadable))
        if last is None:
            return sent
        sent += count
        page = Page(after=last, ids=page.ids)
        if not dry_run:
            _await_relay(engine)
        if sent - reported >= REPORTED_EVERY:
            reported = sent
            click.echo(f"{sent} so far, the last one {last}", err=True)


def _await_relay(engine: Engine) -> None:
    is_reported = False
    while True:
        with engine.connect() as connection:
            backlog = outbox.backlog(connection)
        if backlog.waiting <= MOST_WAITING:
            return
        if backlog.oldest_seconds > 30 and not is_reported:
            click.echo(f"waiting for the relay: {backlog.waiting} events are not published yet", err=True)
            is_reported = True
        time.sleep(0.2)


def check_queues(amqp_uri: str, consumers: list[str]) -> None:
    """Refuse where one is missing: an event for it would be held in the outbox."""
    try:
        wire = Wire(amqp_uri, name="republish", heartbeat=0)
        missing = [one for one in consumers if topology.counted(wire, topology.consumer_queue(one)) is None]
        wire.close()
    except CONNECTION_ERRORS as error:
        raise click.ClickException(f"the broker does not answer: {error}")
    if missing:
        raise click.ClickException(f"{missing[0]} has no queue yet: run `python -m chassis topology apply`")


@click.command()
@click.argument("subject")
@click.pass_obj
def state(obj: dict[str, Any], subject: str) -> None:
    """Print the state of SUBJECT for `compare`: one JSON object a line, sorted by id, without personal data."""
    sources = _named(obj, "sources", "SOURCES")
    read = sources[_known(subject, sources, obj["settings"].name)]
    for line in comparing.write_listing(subject, republishing.read_all(_engine(obj), read)):
        click.echo(line)


@click.command()
@click.argument("subject")
@click.argument("listing", type=click.File("r", encoding="utf-8"))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def compare(obj: dict[str, Any], subject: str, listing: TextIO, as_json: bool) -> None:
    """Compare the copy of SUBJECT with LISTING, what its source printed by `state` (- for standard input).

    Exit status 0 when they are the same, 1 when they differ, 2 when the listing cannot be used.
    """
    copies = _named(obj, "copies", "COPIES")
    read = copies[_known(subject, copies, obj["settings"].name)].read
    found: Counter[str] = Counter()
    try:
        theirs = comparing.read_listing(subject, listing)
        for difference in comparing.differences(theirs, republishing.read_all(_engine(obj), read)):
            found["same" if difference is None else difference.kind] += 1
            if difference is not None:
                click.echo(difference.as_line() if as_json else _sentence(difference))
    except comparing.ListingUnusable as unusable:
        raise click.UsageError(str(unusable))
    different = sum(found[kind] for kind in comparing.KINDS)
    counts = ", ".join(f"{found[kind]} {kind}" for kind in ("same", *comparing.KINDS))
    click.echo(f"{subject}: {counts}", err=as_json)
    sys.exit(EXIT_DIFFERENT if different else 0)


@click.command("copies")
@click.pass_obj
def list_copies(obj: dict[str, Any]) -> None:
    """Print the copies this service holds, a line each: the service that owns the subject, and the subject."""
    name = obj["settings"].name
    for subject in _named(obj, "copies", "COPIES"):
        for source in sorted(
            {source for source in topology.services() if republishing.subscribers(source, subject, name)}
        ):
            click.echo(f"{source} {subject}")


def _sentence(difference: comparing.Difference) -> str:
    kind, about = difference.kind, f"copy {difference.copy_version}, source {difference.source_version}"
    if difference.fields:
        about += f": {', '.join(difference.fields)}"
    return f"{kind:9}  {difference.subject_id}  {about}"


def _named(obj: dict[str, Any], room: str, registry: str) -> dict[str, Any]:
    """SOURCES of the service's ``sources``, or COPIES of its ``copies``; empty where it has none."""
    module = f"{obj['package']}.{room}"
    if importlib.util.find_spec(module) is None:
        return {}
    return dict(getattr(importlib.import_module(module), registry, {}))


def _known(subject: str, registry: dict[str, Any], service: str) -> str:
    if subject not in registry:
        raise click.BadParameter(f"{service} has no {subject} here; it has {', '.join(registry) or 'none'}")
    return subject


def _engine(obj: dict[str, Any]) -> Engine:
    return make_engine(obj["settings"].database_url, pool_size=1, name=f"{obj['settings'].name}.command")
