"""What an event type is: the schema of its data, and the handlers that subscribe to it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from contracts.language.schema import Schema


class EventType:
    """One type of event, ``<service>.<subject>.<past participle>.v<N>``.

    `subscribers` are handlers, each ``<service>.<handler>``; the queue of one is that name with ``.v1``. A type without
    subscribers is published all the same, for departments that listen.

    `person_level`, unless said otherwise: it tells of one person, so a department hears it only where it is named for it.
    """

    def __init__(
        self, name: str, schema: type[Schema], *, subscribers: tuple[str, ...] = (), person_level: bool = True
    ) -> None:
        self.name = name
        self.schema = schema
        self.subscribers = subscribers
        self.person_level = person_level

    @cached_property
    def _names(self) -> tuple[frozenset[str], frozenset[str]]:
        declared = {field.data_key or name: field for name, field in self.loader.fields.items()}
        return frozenset(name for name, field in declared.items() if field.required), frozenset(declared)

    def flaws(self, data: dict[str, Any], *, thoroughly: bool) -> Any:
        """What is wrong with the data of an event, None when nothing is. Names are always compared; values only
        `thoroughly`, as it costs more than writing the event.
        """
        required, declared = self._names
        if not required <= data.keys() <= declared:
            return f"takes {sorted(declared)}, of which {sorted(required)} must be there; given {sorted(data)}"
        return (self.loader.validate(data) or None) if thoroughly else None

    @cached_property
    def loader(self) -> Schema:
        """The schema, made once."""
        return self.schema()
