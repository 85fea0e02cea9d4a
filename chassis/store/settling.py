"""Applying many reported rows at once although others report the same: each key once, and again where a race was lost.

Statements here insert ``on conflict do nothing`` and update ``where version = …``; whoever loses such a race looks again
at what the winner has committed. Nothing is locked before it is known to be written.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

Entry = TypeVar("Entry")

#: Each further round means that another transaction has committed a change to the same row meanwhile.
MAX_ROUNDS = 10


def without_repeats(entries: Sequence[Entry], key: Callable[[Entry], Hashable]) -> Iterator[list[Entry]]:
    """The entries in batches that hold each key once; the entries of one key keep their order."""
    waiting = list(entries)
    while waiting:
        batch: dict[Hashable, Entry] = {}
        later = []
        for entry in waiting:
            if key(entry) in batch:
                later.append(entry)
            else:
                batch[key(entry)] = entry
        yield list(batch.values())
        waiting = later


def settle(entries: list[Entry], attempt: Callable[[list[Entry]], Iterable[Entry]]) -> None:
    """Attempt the entries; `attempt` returns those that lost a race, which are attempted again."""
    for _ in range(MAX_ROUNDS):
        if not entries:
            return
        entries = list(attempt(entries))
    raise RuntimeError(f"{len(entries)} rows kept changing under this transaction")
