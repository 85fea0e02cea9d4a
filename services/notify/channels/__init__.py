"""Channels (渠道), one file each: what calling their provider means and how such a call can end.

Lives here: what the sender and a channel agree on, and which channels are open. A channel with a provider gives a line for
a batch of outgoing messages; it opens no transaction and knows no table.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True)
class Contact:
    """Where a person can be reached, as talent answers at send time. Never stored, never logged."""

    person_id: UUID
    name: str = field(repr=False)
    phone: str | None = field(repr=False)
    email: str | None = field(repr=False)
    language: str


@dataclass(frozen=True)
class Outgoing:
    """An addressed message, as a provider is given it."""

    delivery_id: UUID
    address: str = field(repr=False)
    name: str = field(repr=False)
    subject: str
    body: str
    language: str


@dataclass(frozen=True)
class Call:
    """How a call of the provider ended: one of ``deliveries.rules.OUTCOMES``, and why."""

    delivery_id: UUID
    outcome: str
    reason: str | None = None


class Line(Protocol):
    """An open way to a provider, used by one sender."""

    is_down: bool

    def deliver(self, batch: Sequence[Outgoing], *, until: float) -> list[Call]:
        """Call the provider for each outgoing message; none is begun after `until` (``time.monotonic``). Raises nothing."""


class Channel(Protocol):
    """A channel with a provider."""

    name: str
    needs_contacts: bool

    def address_of(self, contact: Contact) -> str | None:
        """Where the channel reaches the person; None where it cannot."""

    def mask(self, address: str) -> str:
        """The address as it may be kept."""

    def line(self) -> contextlib.AbstractContextManager[Line]:
        """A way to the provider, opened at the first outgoing message."""
