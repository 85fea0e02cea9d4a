"""The broker's users and their rights: the gateway sends requests; a service answers them, and owns the queues named after it.

Lives here: for each process and each department that listens, permissions, topic permissions and limits, in the words of
RabbitMQ's definitions. Not here: making the users (``deploy.new_secrets``, ``deploy.local.rabbitmq``), printing their rights
for a running broker (``deploy.broker_rights``).

Permissions: configure = declare and delete, write = publish and bind to, read = consume and bind from. A topic permission says
with which routing keys: write = publish, read = bind. It does not bind the default exchange, by which a service answers and
retries; so whoever takes a message looks at its sender too (``chassis.broker.senders``, ``chassis.rpc.server``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from chassis.broker import topology
from chassis.rpc.calls import RPC_EXCHANGE, rpc_queue
from contracts.catalogue import EVENTS

OPS = "ops"
VHOST = "youthcity"
GATEWAY = "gateway"
NOTHING = "^$"
#: What a service may ask another for; everything else is asked by the gateway.
CALLS = {"notify": ("talent.read_contacts",)}
#: Of every queue of a department: what is unread beyond the length is dropped, the oldest first; a queue nobody uses goes.
LISTENER_LIMITS = {"max-length": 100_000, "expires": 14 * 24 * 3600 * 1000}

Definition = dict[str, Any]


def permissions(user: str) -> dict[str, str]:
    """The three patterns of a process's user, as the management API takes them."""
    if user == OPS:
        return {"configure": ".*", "write": ".*", "read": ".*"}
    if user == GATEWAY:
        return {"configure": NOTHING, "write": _any_of([RPC_EXCHANGE]), "read": NOTHING}
    own = [rf"{re.escape(user)}\..*", re.escape(rpc_queue(user))]
    asks = [RPC_EXCHANGE] if user in CALLS else []
    heard = [topology.events_exchange(source) for source in _sources(_heard(user))]
    return {
        "configure": rf"^({'|'.join(own)})$",
        "write": rf"^({'|'.join([*own, re.escape('amq.default'), *asks])})$",
        "read": rf"^({'|'.join([*own, RPC_EXCHANGE, *map(re.escape, heard)])})$",
    }


def topic_permissions(user: str) -> list[dict[str, str]]:
    """For every topic exchange the routing keys a process's user may publish and bind with; nothing for ops, who may all."""
    if user == OPS:
        return []
    if user == GATEWAY:
        requests = {"write": rf"^({'|'.join(topology.services())})\.[a-z_]+$", "read": NOTHING}
    else:
        requests = {"write": _any_of(CALLS.get(user, ())), "read": _any_of([f"{user}.*"])}
    events = _event_topics(_heard(user) if user != GATEWAY else [], announces=user)
    return [{"exchange": RPC_EXCHANGE, **requests}, *events]


def allowed_types(named: Sequence[str]) -> list[str]:
    """What a department hears that is named for the types `named`: these alone, or without any all that tell of no person."""
    return list(named) or [name for name, entry in EVENTS.items() if not entry.person_level]


def listener_permissions(department: str, types: Sequence[str] = ()) -> dict[str, str]:
    """As `permissions`, for a department's system that binds and reads the queue made for it, and neither declares nor publishes.

    It makes no queue: one that refuses what it is too full for would hold up the relay, and with it every event.
    """
    own = rf"{re.escape(department)}\..*"
    exchanges = [re.escape(topology.events_exchange(source)) for source in _sources(allowed_types(types))]
    return {"configure": NOTHING, "write": f"^{own}$", "read": rf"^({'|'.join([own, *exchanges])})$"}


def listener_topic_permissions(types: Sequence[str] = ()) -> list[dict[str, str]]:
    """The types a department may bind."""
    return [
        {"exchange": RPC_EXCHANGE, "write": NOTHING, "read": NOTHING},
        *_event_topics(allowed_types(types), announces=None),
    ]


def rights(users: Iterable[str], *, vhost: str = VHOST, prefix: str = "") -> Definition:
    """The rights of processes' users, as RabbitMQ imports them."""
    names = list(users)
    return {
        "permissions": [{"user": f"{prefix}{name}", "vhost": vhost, **permissions(name)} for name in names],
        "topic_permissions": [
            {"user": f"{prefix}{name}", "vhost": vhost, **one} for name in names for one in topic_permissions(name)
        ],
    }


def listener_rights(
    department: str, types: Sequence[str] = (), *, vhost: str = VHOST, user: str | None = None
) -> Definition:
    """A department's queue with its limits, and the rights of its `user` (its own name, unless another is given)."""
    user = user or department
    policy = {
        "pattern": rf"^{re.escape(department)}\.",
        "apply-to": "queues",
        "priority": 0,
        "definition": LISTENER_LIMITS,
    }
    queue = {"durable": True, "auto_delete": False, "arguments": {"x-queue-type": "quorum"}}
    return {
        "permissions": [{"user": user, "vhost": vhost, **listener_permissions(department, types)}],
        "topic_permissions": [{"user": user, "vhost": vhost, **one} for one in listener_topic_permissions(types)],
        "parameters": [
            {"component": "operator_policy", "name": f"listener-{department}", "vhost": vhost, "value": policy}
        ],
        "queues": [{"name": f"{department}.inbox", "vhost": vhost, **queue}],
    }


def _heard(service: str) -> list[str]:
    """Every event type a service's handlers subscribe to."""
    consumers = topology.consumers_of(service)
    return sorted({name for consumer in consumers for name in topology.consumed_types(consumer)})


def _sources(types: Iterable[str]) -> list[str]:
    return sorted({topology.source_of(name) for name in types})


def _event_topics(heard: Iterable[str], *, announces: str | None) -> list[dict[str, str]]:
    """For every events exchange: its service announces there, and whoever hears a type binds that type alone."""
    types = list(heard)
    return [
        {
            "exchange": topology.events_exchange(source),
            "write": rf"^{source}\.[a-z_.]+\.v[0-9]+$" if source == announces else NOTHING,
            "read": _any_of(name for name in types if topology.source_of(name) == source),
        }
        for source in topology.services()
    ]


def _any_of(names: Iterable[str]) -> str:
    """A pattern that only these names match."""
    escaped = [re.escape(name) for name in names]
    return rf"^({'|'.join(escaped)})$" if escaped else NOTHING
