"""What travels beside an RPC request: who calls, under which key, until when, within which trace.

Lives here: the header names both ends of a call share and the caller as the services see it. Not here: sending,
receiving. A receiver trusts the caller only where the broker checked the sender (`USER_ID`).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

CLIENT = "youthcity.client_id"
DEPARTMENT = "youthcity.department"
CLIENT_TYPE = "youthcity.client_type"
SCOPES = "youthcity.scopes"
SUBJECT = "youthcity.subject"
BOUND_TO = "youthcity.bound_to"
PURPOSE = "youthcity.purpose"
REQUEST_ID = "youthcity.request_id"
IDEMPOTENCY_KEY = "youthcity.idempotency_key"
DEADLINE = "youthcity.deadline_ms"
TRACEPARENT = "traceparent"
#: Not a header: when its worker must have ended, by the monotonic clock of the process that received it.
UNTIL = "until"
#: Not a header: the sender as the broker checked it (AMQP property ``user_id``).
USER_ID = "user_id"

#: The `exc_type` of a reply that cannot say whether its request took effect.
OUTCOME_UNKNOWN = "OutcomeUnknown"

#: Where a caller waits for its answer: RabbitMQ's direct reply-to, which needs no queue and reaches one connection alone.
REPLY_TO = "amq.rabbitmq.reply-to"

#: nameko's exchange for requests; the names and formats on it stay nameko's own.
RPC_EXCHANGE = "nameko-rpc"


def rpc_queue(service: str) -> str:
    """The queue a service takes its requests from; nameko's own name for it."""
    return f"rpc-{service}"


@dataclass(frozen=True)
class CallContext:
    """What the gateway states of a request when it calls a service.

    `subject` is the human behind it, ``person:<id>`` or ``staff:<id>``; `bound_to` are the places or activities of a device;
    `purpose` is what the call is a part of, for the audit.
    """

    client_id: str
    department: str
    request_id: str
    idempotency_key: str | None = None
    traceparent: str | None = None
    client_type: str = "system"
    scopes: Collection[str] = ()
    subject: str | None = None
    bound_to: Collection[str] = ()
    purpose: str | None = None

    def headers(self, *, timeout: float) -> dict[str, Any]:
        """The AMQP headers of a request that must be answered within `timeout` seconds."""
        pairs = {
            CLIENT: self.client_id,
            DEPARTMENT: self.department,
            REQUEST_ID: self.request_id,
            IDEMPOTENCY_KEY: self.idempotency_key,
            TRACEPARENT: self.traceparent,
            CLIENT_TYPE: self.client_type,
            SCOPES: " ".join(self.scopes) or None,
            SUBJECT: self.subject,
            BOUND_TO: " ".join(self.bound_to) or None,
            PURPOSE: self.purpose,
        }
        headers: dict[str, Any] = {name: value for name, value in pairs.items() if value is not None}
        headers[DEADLINE] = str(int((time.time() + timeout) * 1000))
        return headers


def new_correlation_id() -> str:
    """An id no other call in flight has."""
    return uuid.uuid4().hex


def allowance(message_properties: Mapping[str, Any]) -> float | None:
    """The seconds a request may take from leaving its caller to its answer, as its expiration says; None where it has none.

    The broker itself drops what has waited that long, by its own clock.
    """
    try:
        return int(message_properties["expiration"]) / 1000
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def deadline(headers: Mapping[str, Any]) -> float | None:
    """When the caller leaves, by its own clock in seconds; None where it does not say, or not readably."""
    try:
        return int(headers[DEADLINE]) / 1000
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def is_trusted(user_id: str | None, trusted_users: frozenset[str]) -> bool:
    """Whether the broker-validated sender may say who the caller is (RabbitMQ refuses a foreign ``user_id``)."""
    return user_id is not None and user_id in trusted_users
