"""Broker users with the rights of a process or a department, and whether the broker says no to what they try."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import amqp

from deploy.local.broker_users import GATEWAY, listener_rights, rights

MakeUser = Callable[..., str]
ENDED, REDEEMED = "talent.affiliation.ended.v1", "perks.pass.redeemed.v1"


def former_rights(process: str, user: str, vhost: str) -> dict[str, Any]:
    """What a broker gives that was set up before there were topic permissions; frozen, for the time of an upgrade."""
    own = rf"{process}\..*|rpc-{process}|nameko-rpc"
    patterns = {
        "configure": rf"^({own}|[a-z]+\.events)$",
        "write": rf"^({own}|amq\.default|amq\.rabbitmq\.reply-to.*)$",
        "read": rf"^({own}|[a-z]+\.events)$",
    }
    if process == GATEWAY:
        patterns = {"configure": "^nameko-rpc$", "write": "^nameko-rpc$", "read": "^$"}
    return {"permissions": [{"user": user, "vhost": vhost, **patterns}]}


def of_process(process: str, user: str, vhost: str) -> dict[str, Any]:
    return rights([process], vhost=vhost, prefix=user.removesuffix(process))


def of_listener(*types: str) -> Callable[[str, str, str], dict[str, Any]]:
    return lambda department, user, vhost: listener_rights(department, types, vhost=vhost, user=user)


def is_refused(connection: amqp.Connection, act: Callable[[amqp.Channel], Any]) -> bool:
    """Whether the broker says no for want of rights."""
    channel = connection.channel()
    try:
        act(channel)
        channel.close()
    except amqp.AccessRefused:
        return True
    return False


def publish(channel: amqp.Channel, exchange: str, key: str) -> None:
    channel.confirm_select()
    channel.basic_publish_confirm(amqp.Message("{}"), exchange=exchange, routing_key=key)
