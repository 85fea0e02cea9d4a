"""The broker's queues compared with the catalogue: missing queues, and orphans without a consumer."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, unquote, urlsplit

import amqp

from chassis.broker import topology
from chassis.broker.wire import CONNECTION_ERRORS, Wire
from deploy.local.broker_users import GATEWAY, OPS
from doctor.management import fetch, no_api
from doctor.remarks import Finding, Passed, Remark, Skipped, Text
from doctor.site import PROBE_SECONDS, Site

QUEUES = Text("队列", "queues")
#: As chassis.ground.settings reads RETRY_DELAYS.
_DELAYS = "5,60,600"


def queues(site: Site) -> Iterator[Remark]:
    """Whether the broker has every queue of the catalogue, and no other durable queue without a consumer."""
    delays = [float(delay) for delay in (site.environment.get("RETRY_DELAYS") or _DELAYS).split(",")]
    named = set(topology.queue_names(delays=delays))
    vhost = _vhost(site)
    found = fetch(site, f"/queues/{vhost}?disable_stats=true&enable_queue_totals=true")
    if found is None:
        yield Skipped(QUEUES, no_api(site))
        return
    there = {queue["name"] for queue in found}
    if missing := sorted(named - there):
        yield _missing(site, missing)
    lasting = {queue["name"] for queue in found if not (queue.get("exclusive") or queue.get("auto_delete"))}
    departments = _departments(site, vhost)
    counted = _counts(site, sorted(name for name in lasting - named if name.partition(".")[0] not in departments))
    orphans = {name: messages for name, (messages, consumers) in counted.items() if consumers == 0}
    for name, messages in orphans.items():
        bound = fetch(site, f"/queues/{vhost}/{quote(name, safe='')}/bindings") or []
        yield _orphan(
            site, name, messages, successors(name, [binding["routing_key"] for binding in bound if binding["source"]])
        )
    if not missing and not orphans:
        seen = Text(f"目录中的 {len(named)} 个都在", f"all {len(named)} of the catalogue are there")
        others = (
            Text(f"，另有 {len(counted)} 个有消费者", f", {len(counted)} others have consumers")
            if counted
            else Text("", "")
        )
        yield Passed(QUEUES, Text(seen.zh + others.zh, seen.en + others.en))


def _vhost(site: Site) -> str:
    path = urlsplit(site.secret("AMQP_URI").split(";")[0]).path[1:]
    return quote(unquote(path) or "/", safe="")


def _departments(site: Site, vhost: str) -> set[str]:
    """The broker's users that do not belong to the platform; a queue named after such a user is a department's."""
    allowed = fetch(site, f"/vhosts/{vhost}/permissions") or []
    return {right["user"] for right in allowed} - {*topology.services(), GATEWAY, OPS}


def _counts(site: Site, names: list[str]) -> dict[str, tuple[int, int]]:
    """Queue → messages and consumers, as declared passively over AMQP."""
    counted: dict[str, tuple[int, int]] = {}
    try:
        wire = Wire(site.secret("AMQP_URI"), name="doctor", heartbeat=0, connect_timeout=PROBE_SECONDS)
        for name in names:
            try:
                found = topology.counted(wire, name)
            except amqp.ChannelError:  # exclusive to another connection
                continue
            if found is not None:
                counted[name] = found
        wire.close()
    except CONNECTION_ERRORS:
        return counted
    return counted


def successors(name: str, event_types: list[str]) -> list[str]:
    """The queues of the same service that receive the event types `name` is still bound to: its handler was renamed."""
    service = name.partition(".")[0]
    receiving = [
        consumer
        for consumer in topology.consumers_of(service)
        if set(event_types) & set(topology.consumed_types(consumer))
    ]
    return [topology.consumer_queue(consumer) for consumer in receiving]


def _missing(site: Site, names: list[str]) -> Finding:
    words = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
    return Finding(
        "queue_missing",
        names[0],
        Text(f"消息服务器上缺 {len(names)} 个队列：{words}", f"{len(names)} queues are missing on the broker: {words}"),
        site.command("chassis", "topology", "apply"),
        Text("没有队列，事件留在发件箱里不发出", "events stay in the outbox where a subscriber's queue does not exist"),
    )


def _orphan(site: Site, name: str, messages: int, heirs: list[str]) -> Finding:
    return Finding(
        "orphan_queue",
        name,
        Text(
            f"队列 {name} 不在目录中，也没有消费者，里面有 {messages} 条消息",
            f"the queue {name} has no consumer and is not in the catalogue; it holds {messages} messages",
        ),
        site.command("chassis", "topology", "retire", name, *_options(messages, heirs)),
        _why(messages, heirs),
    )


def _options(messages: int, heirs: list[str]) -> tuple[str, ...]:
    if messages == 0:
        return ()
    return ("--to", heirs[0]) if heirs else ("--discard",)


def _why(messages: int, heirs: list[str]) -> Text:
    if messages and heirs:
        return Text(
            f"多半是处理程序改了名：把消息移到 {heirs[0]}（已处理过的不会再生效），再删掉空队列",
            f"a handler was renamed: this moves them to {heirs[0]} (applied ones have no second effect), then deletes it",
        )
    if messages:
        return Text(
            "没有处理程序接手这些消息：问过主人再丢弃",
            "no handler takes these messages: find their owner before discarding them",
        )
    return Text("它会一直积压，直到占满磁盘", "as long as it is bound it fills, until the disk is full")
