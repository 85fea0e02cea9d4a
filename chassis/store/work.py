"""The unit of work: one session, one transaction, and what leaves with it.

Lives here: who calls, what is announced (outbox) and recorded (history) together with the rows, and the one way to open
and commit it all. Not here: nameko (``dependencies``), publishing (``relay``).
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from chassis.ground import clock, tracing
from chassis.ground.ids import uuid7
from chassis.store import history, outbox
from chassis.store.database import CommitUnclear, is_unclear
from contracts.language import envelope


@dataclass(frozen=True)
class Caller:
    """The caller of this work: a client, its department and scopes, and the human it acts for.

    `subject` is ``person:<id>`` or ``staff:<id>``, None where no human is behind it. `bound_to` are the ids of a device's places
    or activities, `purpose` is what the work is a part of. `trusted` when the broker vouches that the gateway named them;
    `broker_user` is the process that sent it.
    """

    client_id: str
    department: str
    request_id: str
    idempotency_key: str | None = None
    trusted: bool = False
    broker_user: str | None = None
    client_type: str = "system"
    scopes: frozenset[str] = frozenset()
    subject: str | None = None
    bound_to: frozenset[str] = frozenset()
    purpose: str | None = None

    def may(self, scope: str) -> bool:
        """Whether the caller holds a scope beside the one its route needed."""
        return scope in self.scopes

    @property
    def person_id(self) -> UUID | None:
        """The person who acts for themselves; None for a department."""
        kind, _, identifier = (self.subject or "").partition(":")
        return UUID(identifier) if kind == "person" else None


#: The caller of timers and event handlers: they act for the city.
PLATFORM = Caller(client_id="platform", department="platform", request_id="", trusted=True)


class Work:
    """One unit of work.

    `now` is one instant for all of it and `today` its day in Shanghai. `replay` is true for what a replayed event
    causes; `only_for` names the one queue its events are meant for, when current state is sent again to one service.
    `replayed` is true when an idempotency key has been used before and its stored reply is the answer.
    """

    #: The keys of request fingerprints, the current one first; see ``idempotency``.
    fingerprint_keys: tuple[bytes, ...] = ()

    def __init__(
        self,
        session: Session | Engine,
        *,
        caller: Caller,
        now: dt.datetime,
        replay: bool,
        only_for: str | None = None,
    ) -> None:
        self._session = session
        self.caller = caller
        self.now = now
        self.today = clock.shanghai_day(now)
        self.replay = replay
        self.only_for = only_for
        self.replayed = False
        self._events: list[dict[str, Any]] = []
        self._history: list[dict[str, Any]] = []

    @property
    def session(self) -> Session:
        """The session of this work. A reading one is opened on first use: many requests need none."""
        if isinstance(self._session, Engine):
            self._session = Session(self._session, expire_on_commit=False, autoflush=False)
        return self._session

    def close(self) -> None:
        """Close the session, where one was opened; what it has not committed is rolled back."""
        if isinstance(self._session, Session):
            self._session.close()

    def announce(
        self,
        event_type: str,
        *,
        subject_id: UUID | str,
        version: int,
        data: dict[str, Any],
        at: dt.datetime | None = None,
        only_for: str | None = None,
    ) -> None:
        """Queue an event in the outbox: a row in this transaction. `data` is plain JSON as the catalogue's schema has it, without
        personal data; a wrong shape raises ValueError, for it is a programming error. `at` is when it came to be so, for
        a fact that is sent again; else now. `only_for` is the one queue it is meant for, where nobody else may hear it.

        Events leave in the order of their announcements, not of the beginnings of their works: announce once the row is
        locked or written, and an older version of it has been announced before.
        """
        event = envelope.Event(
            id=uuid7(),
            type=event_type,
            subject_id=str(subject_id),
            version=version,
            time=at or self.now,
            data=data,
            replay=self.replay,
            traceparent=tracing.current(),
        )
        self._events.append(
            {
                "id": event.id,
                "created_at": self.now,
                "type": event.type,
                "subject_id": event.subject_id,
                "version": version,
                "body": envelope.compose(event),
                "traceparent": event.traceparent,
                "only_for": only_for or self.only_for,
            }
        )

    def record(
        self,
        subject: str,
        subject_id: UUID | str,
        *,
        from_state: str | None,
        to_state: str,
        effective_on: dt.date | None = None,
        reason: str | None = None,
    ) -> None:
        """Append a change of state to the history; effective today by default. No personal data."""
        self._history.append(
            {
                "id": uuid7(),
                "subject": subject,
                "subject_id": str(subject_id),
                "from_state": from_state,
                "to_state": to_state,
                "effective_on": effective_on or self.today,
                "recorded_at": self.now,
                "client_id": self.caller.client_id,
                "department": self.caller.department,
                "request_id": self.caller.request_id,
                "reason": reason,
            }
        )

    def write_out(self) -> bool:
        """Write the announced and the recorded, a statement each; true when anything was announced."""
        announced = bool(self._events)
        if self._history:
            history.append(self.session, self._history)
            self._history = []
        if announced:
            outbox.insert_events(self.session, self._events)
            self._events = []
        return announced


@contextlib.contextmanager
def open_work(
    engine: Engine,
    *,
    caller: Caller = PLATFORM,
    now: dt.datetime | None = None,
    replay: bool = False,
    only_for: str | None = None,
    on_commit: Callable[[], None] | None = None,
) -> Iterator[Work]:
    """A unit of work: committed at the end of the block, rolled back if it raises. `on_commit` is called after a
    commit that announced something. Raises CommitUnclear when it is unknown which of the two happened.
    """
    with Session(engine, expire_on_commit=False, autoflush=True) as session:
        work = Work(session, caller=caller, now=now or clock.now(), replay=replay, only_for=only_for)
        yield work
        announced = work.write_out()
        session.flush()  # what the database refuses is refused here, before the commit
        try:
            session.commit()
        except BaseException as failure:
            if is_unclear(failure):
                raise CommitUnclear("the commit's outcome is not known") from failure
            raise
    if announced and on_commit is not None:
        on_commit()


@contextlib.contextmanager
def open_reading(engine: Engine, *, caller: Caller = PLATFORM, now: dt.datetime | None = None) -> Iterator[Work]:
    """A unit of work that only reads: nothing of it is committed."""
    work = Work(engine, caller=caller, now=now or clock.now(), replay=False)
    try:
        yield work
    finally:
        work.close()
