"""``queues``: every queue of the topology with its messages and consumers, and queues that belong to no one.

Lives here: querying the broker and finding each queue's owner. Not here: the queues there must be (``chassis.broker.topology``).

Messages and consumers are read by AMQP and are current. Unacknowledged messages, and queues outside the topology, are known to
the management API alone (RABBIT_API); its counts may be five seconds old.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import amqp
import click
import requests
from kombu.utils.url import parse_url

from chassis.broker import topology
from chassis.broker.wire import Wire
from chassis.ground import lanes
from cli import places, printing, servers
from cli.language import say

SECONDS = 10
PLATFORM, MISSING, ORPHAN, FOREIGN, PRIVATE = "platform", "missing", "orphan", "foreign", "private"


@dataclass(frozen=True)
class Queue:
    """A queue, and whose it is. None stands for unknown.

    The topology's queues are `platform` or `missing`. Of the others, `private` ones are deleted with their connection, `foreign`
    ones have a consumer or a department's name, and `orphan` ones have neither.
    """

    name: str
    whose: str
    service: str | None
    lane: str | None
    messages: int | None
    unacknowledged: int | None
    consumers: int | None


@click.command()
@printing.as_json
def queues(as_json: bool) -> None:
    """Every queue: messages, unacknowledged, consumers, lane; and which are missing, or belong to no one (orphan)."""
    found = _look()
    if as_json:
        for queue in found:
            printing.print_json(asdict(queue))
        return
    headings = ("queue", "lane", "messages", "unacknowledged", "consumers", "whose")
    rows = [(queue.name, queue.lane or "-", *_numbers(queue), _remark(queue)) for queue in found]
    printing.print_table(headings, rows)


def _look() -> list[Queue]:
    broker = places.broker()
    wanted = topology.queue_names(delays=broker.retry_delays)
    known = _by_api(broker.amqp_uri)
    if known is None:
        printing.note(say("Without the management API (RABBIT_API), unacknowledged messages and orphans are unknown."))
    with servers.reaching(say("the broker")):
        wire = Wire(broker.amqp_uri, name="cli.queues", heartbeat=0)
        try:
            others = sorted(set(known or {}) - set(wanted))
            theirs = _departments(broker.amqp_uri) if others else set()
            return list(_described(wire, [*wanted, *others], set(wanted), theirs, known))
        finally:
            wire.close()


def _described(
    wire: Wire, names: Sequence[str], wanted: set[str], theirs: set[str], known: Mapping[str, Any] | None
) -> Iterator[Queue]:
    for name in names:
        counted = _counted(wire, name)
        messages, consumers = counted if counted else (None, None)
        about = (known or {}).get(name, {})
        is_theirs = name.partition(".")[0] in theirs
        whose = _whose(is_wanted=name in wanted, is_theirs=is_theirs, counted=counted, about=about)
        service, lane = _placed(name) if name in wanted else (None, None)
        if name in wanted or counted or whose == PRIVATE:
            yield Queue(name, whose, service, lane, messages, about.get("messages_unacknowledged"), consumers)


def _counted(wire: Wire, name: str) -> tuple[int, int] | None:
    """Ready messages and consumers; None where the queue is missing, or exclusive to another connection."""
    try:
        return topology.counted(wire, name)
    except amqp.ResourceLocked:
        return None


def _whose(*, is_wanted: bool, is_theirs: bool, counted: tuple[int, int] | None, about: Mapping[str, Any]) -> str:
    if is_wanted:
        return PLATFORM if counted else MISSING
    if about.get("exclusive"):
        return PRIVATE
    return FOREIGN if is_theirs or (counted and counted[1]) else ORPHAN


def _placed(name: str) -> tuple[str, str | None]:
    """The service of a queue of the topology, and the lane that consumes it; retry tiers have no consumer."""
    if name.startswith("rpc-"):
        return name.removeprefix("rpc-"), lanes.RPC
    service, _, rest = name.partition(".")
    return service, None if rest.startswith("retry.") else lanes.EVENTS


def _by_api(amqp_uri: str) -> dict[str, dict[str, Any]] | None:
    """Each queue of our vhost in the management API; None where it is not known or does not answer."""
    found = _fetch("/queues/{vhost}", amqp_uri, disable_stats="true", enable_queue_totals="true")
    return None if found is None else {queue["name"]: queue for queue in found}


def _departments(amqp_uri: str) -> set[str]:
    """Users of our vhost that are no service: a queue named after such a user is a department's."""
    return {right["user"] for right in _fetch("/vhosts/{vhost}/permissions", amqp_uri) or []} - set(topology.services())


def _fetch(path: str, amqp_uri: str, **params: str) -> list[dict[str, Any]] | None:
    address = places.broker_api()
    if address is None:
        return None
    parts = urlsplit(address)
    vhost = quote(parse_url(amqp_uri.split(";")[0])["virtual_host"] or "/", safe="")
    url = urlunsplit((parts.scheme, f"{parts.hostname}:{parts.port or 15672}", parts.path.rstrip("/"), "", ""))
    login = (parts.username or "", parts.password or "")
    session = requests.Session()
    session.trust_env = False
    try:
        answer = session.get(f"{url}/api{path.format(vhost=vhost)}", params=params, auth=login, timeout=SECONDS)
        answer.raise_for_status()
        return list(answer.json())
    except (requests.RequestException, ValueError) as error:
        printing.note(say("{what} is not reachable: {why}", what="RABBIT_API", why=_kind(error)))
        return None


def _kind(error: Exception) -> str:
    response = getattr(error, "response", None)
    return f"HTTP {response.status_code}" if response is not None else type(error).__name__


def _numbers(queue: Queue) -> list[object]:
    return ["-" if number is None else number for number in (queue.messages, queue.unacknowledged, queue.consumers)]


def _remark(queue: Queue) -> str:
    is_idle = queue.whose == PLATFORM and queue.lane and not queue.consumers
    return say("platform, not consumed") if is_idle else say(queue.whose)
