"""Sending: one round takes the deliveries that are due through their channel's provider.

Lives here: the order of steps, each committed before the next, and never a transaction open while somebody is called:

1. claim a batch (``sending``), leave out whom it does not suit now;
2. query talent for contacts; where it is away, release the batch, no attempt counted;
3. per connection and chunk: hand over (``calling``), call the provider, record the outcomes in one statement.

A process killed between 3's call and record leaves its chunk in ``calling``: ``deliveries.rescue`` finds it.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prometheus_client import Counter
from sqlalchemy.exc import SQLAlchemyError

from chassis.ground import clock
from chassis.ground.ids import uuid7
from chassis.store.work import Work
from services.notify import deliveries, preferences
from services.notify.channels import Call, Channel, Contact, Outgoing
from services.notify.deliveries import Claimed, Outcome, rules
from services.notify.deliveries.contacts import Contacts, ContactsAway
from services.notify.preferences.rules import PersonPreferences, QuietHours, objection

log = logging.getLogger(__name__)

DEFAULT_LANGUAGE = "zh-CN"
#: Between tries to write outcomes down: what was called and cannot be recorded becomes an unknown outcome.
RECORD_PAUSES = (0.2, 1.0, 3.0)
calls_total = Counter("youthcity_deliveries_total", "Calls of a provider", ["channel", "outcome"])


@dataclass(frozen=True)
class Pace:
    """How a round is made."""

    batch: int
    """Deliveries of one round, at most what talent answers for at once."""
    chunk: int
    """Deliveries handed over together: what a kill -9 leaves of unknown outcome, per connection."""
    connections: int
    round_seconds: float
    """No provider call is begun later in a round."""
    lease: dt.timedelta
    """How long a round may hold a delivery; longer than `round_seconds` and a provider's slowest answer together."""
    pause: dt.timedelta
    """How long what could not be begun waits."""
    back_off: Sequence[dt.timedelta]
    """Pauses after a first, second … postponed call; after the last one it has failed."""
    quiet_hours: QuietHours | None
    """The city's, for who has set none."""


def send_due(*, database: Any, channels: Sequence[Channel], contacts: Contacts, pace: Pace) -> bool:
    """A round of every channel with a provider; true when there is more to do."""
    rounds = [Round(database, channel, contacts, pace) for channel in channels]
    return sum(one.run() for one in rounds) > 0


class Round:
    """One batch of one channel, from claim to record."""

    def __init__(self, database: Any, channel: Channel, contacts: Contacts, pace: Pace) -> None:
        self.database, self.channel, self.contacts, self.pace = database, channel, contacts, pace
        self.id = uuid7()
        self.until = time.monotonic() + pace.round_seconds
        self.chunks: deque[list[Outgoing]] = deque()
        self.attempts: dict[UUID, int] = {}
        self.recipients: dict[UUID, str] = {}

    def run(self) -> bool:
        """True when the batch was full and all of it was called for."""
        claimed, by_person = self._claim()
        if not claimed:
            return False
        try:
            batch = self._address(claimed, by_person)
        except ContactsAway as away:
            log.warning("%s: %d deliveries wait for contacts: %s", self.channel.name, len(claimed), away)
            self._release([one.id for one in claimed], "contacts_unavailable")
            return False
        self.attempts = {one.id: one.attempts + 1 for one in claimed}
        size = self.pace.chunk
        self.chunks.extend(batch[start : start + size] for start in range(0, len(batch), size))
        self._call_in_parallel()
        left = [outgoing.delivery_id for chunk in self.chunks for outgoing in chunk]
        if left:
            self._release(left, None)
        return len(claimed) == self.pace.batch and not left

    # -- before the call

    def _claim(self) -> tuple[list[Claimed], dict[UUID, PersonPreferences]]:
        with self.database.work() as work:
            lease_until = work.now + self.pace.lease
            claimed = deliveries.claim(
                work, channel=self.channel.name, claim=self.id, lease_until=lease_until, at_most=self.pace.batch
            )
            if not claimed:
                return [], {}
            people = {one.person_id for one in claimed}
            by_person = preferences.preferences_of(work, people, quiet_hours=self.pace.quiet_hours)
            return self._suitable(work, claimed, by_person), by_person

    def _suitable(self, work: Work, claimed: list[Claimed], by_person: dict[UUID, PersonPreferences]) -> list[Claimed]:
        """What may be sent now: preferences may have changed since the message was made, and it may have become late."""
        unwanted: dict[UUID, str] = {}
        too_late: dict[dt.datetime, list[UUID]] = {}
        suitable = []
        for one in claimed:
            preference = by_person[one.person_id]
            reason = objection(preference, programme=one.programme, channel=self.channel.name)
            later = deliveries.quiet_until(preference, one.urgency, work.now)
            if reason is not None:
                unwanted[one.id] = reason
            elif later is not None:
                too_late.setdefault(later, []).append(one.id)
            else:
                suitable.append(one)
        deliveries.withhold(work, self.id, unwanted)
        for later, ids in sorted(too_late.items()):
            deliveries.release(work, self.id, ids, not_before=later, reason=None)
        return suitable

    def _address(self, claimed: list[Claimed], by_person: dict[UUID, PersonPreferences]) -> list[Outgoing]:
        """The addressed messages; deliveries to people whom the channel cannot reach are suppressed. Raises ContactsAway."""
        people = {one.person_id for one in claimed}
        if self.channel.needs_contacts:
            known = self.contacts.read(people, purpose=f"deliver messages by {self.channel.name}")
        else:
            known = {person_id: Contact(person_id, "", None, None, DEFAULT_LANGUAGE) for person_id in people}
        batch, out_of_reach = [], {}
        for one in claimed:
            contact = known.get(one.person_id)
            address = self.channel.address_of(contact) if contact else None
            if contact is None or not address:
                out_of_reach[one.id] = "no_address" if contact else "person_unknown"
                continue
            self.recipients[one.id] = self.channel.mask(address)
            language = by_person[one.person_id].language or contact.language
            language = language if language in one.subject else DEFAULT_LANGUAGE
            texts = one.subject[language], one.body[language], language
            batch.append(Outgoing(one.id, address, contact.name, *texts))
        if out_of_reach:
            with self.database.work() as work:
                deliveries.withhold(work, self.id, out_of_reach)
        return batch

    def _release(self, ids: list[UUID], reason: str | None) -> None:
        with self.database.work() as work:
            deliveries.release(work, self.id, ids, not_before=work.now + self.pace.pause, reason=reason)

    # -- the call

    def _call_in_parallel(self) -> None:
        count = min(self.pace.connections, len(self.chunks))
        threads = [threading.Thread(target=self._work_off, name=f"{self.channel.name}.{n}") for n in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work_off(self) -> None:
        """Chunk after chunk over one line, as long as it holds and there is time."""
        with self.channel.line() as line:
            while self.chunks and not line.is_down and time.monotonic() < self.until:
                try:
                    chunk = self.chunks.popleft()
                except IndexError:
                    return
                try:
                    with self.database.work() as work:
                        mine = deliveries.hand_over(work, self.id, [outgoing.delivery_id for outgoing in chunk])
                except SQLAlchemyError:
                    log.exception("%s: a chunk could not be handed over, no provider was called", self.channel.name)
                    return
                self._record(line.deliver([one for one in chunk if one.delivery_id in mine], until=self.until))

    def _record(self, calls: Sequence[Call]) -> None:
        outcomes = [self._outcome(call, clock.now()) for call in calls]
        for pause in (*RECORD_PAUSES, None):
            try:
                with self.database.work() as work:
                    deliveries.record(work, self.id, outcomes)
                break
            except SQLAlchemyError:
                if pause is None:
                    log.exception("%s: outcomes of %d calls are lost", self.channel.name, len(calls))
                    return
                time.sleep(pause)
        for call in calls:
            calls_total.labels(self.channel.name, call.outcome).inc()

    def _outcome(self, call: Call, now: dt.datetime) -> Outcome:
        happening, wait = rules.settle(
            call.outcome, attempts=self.attempts[call.delivery_id], back_off=self.pace.back_off
        )
        return Outcome(
            delivery_id=call.delivery_id,
            happening=happening,
            reason=call.reason,
            not_before=now + wait if wait is not None else None,
            recipient=self.recipients.get(call.delivery_id),
        )
