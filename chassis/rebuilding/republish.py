"""Sending current state again: to one service that was deployed later, emptied, or restored from an older dump.

Lives here: what a source of events gives for it, page by page, and the way of a page into the outbox, marked as a replay and
meant for the queues of one service alone. Not here: how to read a subject (each service's ``rebuilding``), the command
(``rebuild_commands``), what a replay must not cause (notify sends no messages for replayed events).

Nothing of the subject changes: no version, no history. Consumers apply ``where version < :version``, so sending twice, from
two places, or only half of it and then all of it, ends in the same copy.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import Engine, String, Table, collate, select
from sqlalchemy.orm import Session

from chassis.broker import topology
from chassis.store.pages import Rows
from chassis.store.work import open_reading, open_work
from contracts.catalogue import EVENTS

PAGE = 500


class IdUnreadable(ValueError):
    """What was given as an id cannot be one of this subject."""


@dataclass(frozen=True)
class Page:
    """Which subjects to read: up to `limit`, in the order of their ids, after the id `after`; of `ids` alone where given."""

    after: str | None = None
    limit: int = PAGE
    ids: tuple[str, ...] | None = None

    def of(self, statement: Rows, key: Any) -> Rows:
        """The statement for this page. Texts are ordered by their bytes, as Python orders them, not by a language."""
        order = collate(key, "C") if isinstance(key.type, String) else key
        if self.after is not None:
            statement = statement.where(order > _id_of(key, self.after))
        if self.ids is not None:
            statement = statement.where(key.in_([_id_of(key, one) for one in self.ids]))
        return statement.order_by(order).limit(self.limit)


def _id_of(key: Any, text: str) -> Any:
    try:
        return key.type.python_type(text)
    except ValueError as error:
        raise IdUnreadable(f"{text!r} is no {key.type.python_type.__name__}") from error


@dataclass(frozen=True)
class State:
    """A subject as it stands: its whole non-personal state as its event says it, and since when it has stood so."""

    event_type: str
    subject_id: UUID | str
    version: int
    data: dict[str, Any]
    at: dt.datetime


class Identified(Protocol):
    """A subject as its source or as a copy has it."""

    @property
    def subject_id(self) -> UUID | str: ...


Kept = TypeVar("Kept", bound=Identified)

#: Reads a page of a subject. A subject whose versions are all kept may give each of them, oldest first.
Read = Callable[[Session, Page], Sequence[State]]


def reader(table: Table, event_type: Callable[[Any], str], data: Callable[[Any], dict[str, Any]]) -> Read:
    """Reads the pages of a table with `id`, `version` and `updated_at`; `event_type` and `data` say a row as its event does."""

    def read(session: Session, page: Page) -> Sequence[State]:
        rows = session.execute(page.of(select(table), table.c.id))
        return [State(event_type(row), row.id, row.version, data(row), row.updated_at) for row in rows]

    return read


def event_types(source: str, subject: str) -> list[str]:
    """The types that announce a subject, e.g. of talent's ``affiliation``."""
    return [event_type for event_type in EVENTS if event_type.startswith(f"{source}.{subject}.")]


def subscribers(source: str, subject: str, service: str) -> list[str]:
    """The handlers of `service` that hear of a subject."""
    types = set(event_types(source, subject))
    return [consumer for consumer in topology.consumers_of(service) if types & set(topology.consumed_types(consumer))]


def read_all(engine: Engine, read: Callable[[Session, Page], Sequence[Kept]]) -> Iterator[Kept]:
    """Everything one side keeps of a subject, in the order of the ids, read in short transactions."""
    page = Page()
    while True:
        with open_reading(engine) as work:
            found = read(work.session, page)
        yield from found
        if not found:
            return
        page = Page(after=str(found[-1].subject_id))


def announce_page(engine: Engine, read: Read, page: Page, *, consumer: str) -> tuple[int, str | None]:
    """Write one page into the outbox for the queue of `consumer`, in one transaction; how many events, and the last id
    read (None when the page was empty: then that was all).
    """
    with open_work(engine, replay=True, only_for=topology.consumer_queue(consumer)) as work:
        found = read(work.session, page)
        wanted = _consumed(found, consumer)
        for one in wanted:
            work.announce(one.event_type, subject_id=one.subject_id, version=one.version, data=one.data, at=one.at)
    return len(wanted), _last_id(found)


def count_page(engine: Engine, read: Read, page: Page, *, consumer: str) -> tuple[int, str | None]:
    """As `announce_page`, and nothing is written."""
    with open_reading(engine) as work:
        found = read(work.session, page)
    return len(_consumed(found, consumer)), _last_id(found)


def _consumed(found: Sequence[State], consumer: str) -> list[State]:
    types = set(topology.consumed_types(consumer))
    return [state for state in found if state.event_type in types]


def _last_id(found: Sequence[State]) -> str | None:
    return str(found[-1].subject_id) if found else None
