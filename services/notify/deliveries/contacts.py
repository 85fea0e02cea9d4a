"""Contacts, queried from talent when a message is sent and not kept (ADR 0010).

The one place where a service calls another. talent answers notify alone and records whose contacts were read and why;
while it is away, deliveries wait.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from uuid import UUID

from chassis.ground.settings import ServiceSettings
from chassis.rpc.calls import CallContext
from chassis.rpc.client import RemoteFailure, RpcClient, RpcTimeout
from contracts.language.refusals import Refusal
from services.notify.channels import Contact


class ContactsAway(Exception):
    """talent does not answer now."""


class Contacts:
    """The way to ask."""

    def __init__(self, amqp_uri: str, *, timeout: float = 5.0) -> None:
        self._client = RpcClient(amqp_uri, name="notify.contacts")
        self._timeout = timeout

    @classmethod
    def load(cls, settings: ServiceSettings) -> Contacts:
        """For a service process, as its own broker user."""
        return cls(settings.amqp_uri)

    def read(self, person_ids: Collection[UUID], *, purpose: str) -> dict[UUID, Contact]:
        """Contacts by person, at most 500 at once; whom talent does not know is left out. Raises ContactsAway."""
        fields = {"person_ids": [str(person_id) for person_id in sorted(set(person_ids))], "purpose": purpose}
        context = CallContext("notify", "platform", request_id=uuid.uuid4().hex)
        try:
            answer = self._client.call("talent", "read_contacts", fields, context=context, timeout=self._timeout)
        except (Refusal, RpcTimeout, RemoteFailure) as error:
            raise ContactsAway(str(error)) from error
        found = (Contact(**{**item, "person_id": UUID(item["person_id"])}) for item in answer["items"])
        return {contact.person_id: contact for contact in found}

    def close(self) -> None:
        """Close the connections; a later question opens them again."""
        self._client.close()
