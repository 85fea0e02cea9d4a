"""Whose word an event is: RabbitMQ says which broker user published it, and its type says which service it must come from.

Lives here: who first sent a message, and whether that one may. Not here: what becomes of a message (``handlers``).

What a service sends round itself (a retry tier, a redriven dead letter, a retired queue) bears its own user; then the header
``SENDER`` says who sent it first, and a message without it was believed before. So nobody's word grows by a detour.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import amqp

from chassis.broker import topology
from chassis.broker.wire import user_of
from chassis.ground.settings import broker_user_of

#: Header of a message that goes round: the broker user it first came from, empty where none was named.
SENDER = "youthcity.sender"


@dataclass(frozen=True)
class Senders:
    """The broker users a service believes. While `required` is off, an event that names no sender passes: relays of an
    older version name none.
    """

    own: str
    required: bool
    users: dict[str, str] = field(default_factory=lambda: {one: broker_user_of(one) for one in topology.services()})

    @classmethod
    def of(cls, amqp_uri: str, *, required: bool) -> Senders:
        """For the service that logs in with this URI."""
        return cls(user_of(amqp_uri), required)

    def first_of(self, message: amqp.Message) -> str:
        """The broker user that sent a message first, empty where it is not named."""
        return first_sender(message, own=self.own)

    def flaw(self, message: amqp.Message, event_type: str) -> str | None:
        """Why a message of this type is not believed; None where it is."""
        sender, source = self.first_of(message), topology.source_of(event_type)
        if sender in (self.users.get(source), self.own) or not (sender or self.required):
            return None
        return f"sender_not_trusted: {sender or 'nobody named'} may not announce for {source}"


def first_sender(message: amqp.Message, *, own: str) -> str:
    """As ``Senders.first_of``, for whoever logs in as `own`."""
    properties: dict[str, Any] = message.properties
    user = str(properties.get("user_id") or "")
    headers = properties.get("application_headers") or {}
    return str(headers.get(SENDER, user)) if user == own else user
