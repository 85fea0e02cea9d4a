"""Commands for the broker as a whole: ``python -m chassis topology apply|check|retire|empty``."""

from __future__ import annotations

import sys

import click
from amqp.exceptions import PreconditionFailed

from chassis.broker import retiring, topology
from chassis.broker.wire import CONNECTION_ERRORS, Wire
from chassis.ground import settings


@click.group()
def main() -> None:
    """Youth City chassis commands."""


@main.group("topology")
def topology_group() -> None:
    """Exchanges and queues of the whole platform."""


def _broker() -> settings.BrokerSettings:
    """The settings; exits with the variable that is missing or cannot be read."""
    try:
        return settings.broker_settings()
    except settings.SettingsProblem as problem:
        sys.exit(f"chassis: {problem} (every variable: docs/settings.md)")


@topology_group.command()
def apply() -> None:
    """Create every exchange, queue and binding of the catalogue. Safe to repeat; run it before any service starts."""
    broker = _broker()
    try:
        wire = Wire(broker.amqp_uri, name="topology", heartbeat=0)
        queues = topology.declare_all(
            wire.connection.channel(), delays=broker.retry_delays, quorum_requests=broker.quorum_requests
        )
    except PreconditionFailed as conflict:
        sys.exit(f"A queue exists with other arguments; delete or rename it first: {conflict}")
    except CONNECTION_ERRORS as error:
        sys.exit(f"The broker is not reachable: {error}")
    wire.close()
    click.echo(f"{len(queues)} queues in place")


@topology_group.command()
def check() -> None:
    """Say which queues of the catalogue are missing; exit status 1 when any is."""
    broker = _broker()
    try:
        wire = Wire(broker.amqp_uri, name="topology", heartbeat=0)
        wanted = topology.queue_names(delays=broker.retry_delays)
        missing = [queue for queue in wanted if topology.counted(wire, queue) is None]
        wire.close()
    except CONNECTION_ERRORS as error:
        sys.exit(f"The broker is not reachable: {error}")
    for queue in missing:
        click.echo(f"missing: {queue}")
    sys.exit(1 if missing else 0)


@topology_group.command()
@click.argument("queue")
@click.option("--to", metavar="QUEUE", help="Where its messages go: the queue of the handler that took over.")
@click.option("--discard", is_flag=True, help="Its messages are not needed.")
def retire(queue: str, to: str | None, discard: bool) -> None:
    """Delete a QUEUE the catalogue no longer names, moving what waits in it. Run it again where it was interrupted."""
    broker = _broker()
    try:
        mover = settings.broker_uri_of(to.partition(".")[0]) if to else None
        moved = retiring.retire(
            broker.amqp_uri, queue, to=to, discard=discard, delays=broker.retry_delays, mover_uri=mover
        )
    except retiring.CannotRetire as reason:
        sys.exit(f"Not retired: {reason}")
    except CONNECTION_ERRORS as error:
        sys.exit(f"The broker is not reachable: {error}")
    click.echo(f"{queue} is gone; {moved} messages {f'moved to {to}' if to else 'dropped'}")


@topology_group.command()
@click.confirmation_option("--yes", prompt="Every message that waits in the queues will be lost. Go on?")
def empty() -> None:
    """Throw away what waits in every queue of the catalogue: for databases restored from a dump, which know nothing of it."""
    broker = _broker()
    try:
        wire = Wire(broker.amqp_uri, name="topology", heartbeat=0)
        channel = wire.connection.channel()
        topology.declare_all(channel, delays=broker.retry_delays, quorum_requests=broker.quorum_requests)
        dropped = sum(channel.queue_purge(queue) for queue in topology.queue_names(delays=broker.retry_delays))
    except CONNECTION_ERRORS as error:
        sys.exit(f"The broker is not reachable: {error}")
    wire.close()
    click.echo(f"{dropped} messages thrown away")


if __name__ == "__main__":
    main(prog_name="python -m chassis")
