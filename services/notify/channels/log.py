"""Log (日志): a line per message in the service's own log, to try templates out. It says to whom by id alone."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence

from services.notify.channels import Call, Contact, Outgoing

log = logging.getLogger(__name__)


class LogChannel:
    """Always open; needs no contacts."""

    name = "log"
    needs_contacts = False
    is_down = False

    def address_of(self, contact: Contact) -> str | None:
        """The person's id stands for an address."""
        return str(contact.person_id)

    def mask(self, address: str) -> str:
        """An id identifies no person."""
        return address

    @contextlib.contextmanager
    def line(self) -> Iterator[LogChannel]:
        """The log is always there."""
        yield self

    def deliver(self, batch: Sequence[Outgoing], *, until: float) -> list[Call]:
        """A line each."""
        for outgoing in batch:
            log.info("delivery %s to person %s: %s", outgoing.delivery_id, outgoing.address, outgoing.subject)
        return [Call(outgoing.delivery_id, "accepted") for outgoing in batch]
