"""Comparing a copy with its source: two lists in the order of their ids, merged line by line.

Lives here: the listing a source writes (JSON lines), reading it back, and the differences. Not here: how either side reads
its tables (each service's ``rebuilding``), the commands (``rebuild_commands``). Neither side is ever held in memory whole, so
millions of subjects are no different from ten.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from chassis.rebuilding.republish import State


@dataclass(frozen=True)
class Held:
    """A subject as one side has it; a copy's `data` has the fields it keeps, under the names of the event."""

    subject_id: str
    version: int
    data: Mapping[str, Any]


#: What can be wrong with a copy, from the copy's point of view.
MISSING, EXTRA, OLDER, NEWER, DIFFERENT = "missing", "extra", "older", "newer", "different"
KINDS = (MISSING, EXTRA, OLDER, NEWER, DIFFERENT)


@dataclass(frozen=True)
class Difference:
    """One subject the copy and the source do not agree on; `fields` names what differs, without the values."""

    kind: str
    subject_id: str
    source_version: int | None
    copy_version: int | None
    fields: tuple[str, ...] = ()

    def as_line(self) -> str:
        """As JSON, in one line."""
        return json.dumps(asdict(self), ensure_ascii=False)


class ListingUnusable(ValueError):
    """The listing is cut off, of another subject, or not one at all: comparing with it would report nonsense."""


def write_listing(subject: str, states: Iterable[State]) -> Iterator[str]:
    """The lines of a listing: what it is of, a line per state, and a last one without which it counts as cut off."""
    yield json.dumps({"listing_of": subject})
    count = 0
    for state in states:
        count += 1
        line = {"id": str(state.subject_id), "version": state.version, "data": state.data}
        yield json.dumps(line, ensure_ascii=False, separators=(",", ":"))
    yield json.dumps({"end": subject, "count": count})


def read_listing(subject: str, lines: Iterable[str]) -> Iterator[Held]:
    """The newest state of each subject of a listing. Raises ListingUnusable."""
    documents = _documents(lines)
    if next(documents, None) != {"listing_of": subject}:
        raise ListingUnusable(f"this is no listing of {subject}")
    last: Held | None = None
    count = 0
    for document in documents:
        if "end" in document:
            if document != {"end": subject, "count": count}:
                break
            if last is not None:
                yield last
            return
        count += 1
        found = _held(document)
        if last is not None and found.subject_id < last.subject_id:
            raise ListingUnusable(f"the listing is not sorted: {found.subject_id} comes too late")
        if last is not None and found.subject_id != last.subject_id:
            yield last
        last = found
    raise ListingUnusable(f"the listing of {subject} is cut off after {count} lines")


def _documents(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            document = json.loads(line)
        except ValueError as error:
            raise ListingUnusable(f"not a line of a listing: {line[:80]!r}") from error
        if not isinstance(document, dict):
            raise ListingUnusable(f"not a line of a listing: {line[:80]!r}")
        yield document


def _held(document: dict[str, Any]) -> Held:
    try:
        return Held(str(document["id"]), int(document["version"]), dict(document["data"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ListingUnusable("a line of the listing has no id, version and data") from error


def differences(source: Iterable[Held], copy: Iterable[Held]) -> Iterator[Difference | None]:
    """What the two do not agree on, in the order of the ids; None for each subject they agree on."""
    theirs, ours = iter(source), iter(copy)
    their, our = next(theirs, None), next(ours, None)
    while their is not None or our is not None:
        if our is None or (their is not None and their.subject_id < our.subject_id):
            assert their is not None
            yield Difference(MISSING, their.subject_id, their.version, None)
            their = next(theirs, None)
        elif their is None or our.subject_id < their.subject_id:
            yield Difference(EXTRA, our.subject_id, None, our.version)
            our = next(ours, None)
        else:
            yield _difference(their, our)
            their, our = next(theirs, None), next(ours, None)


def _difference(their: Held, our: Held) -> Difference | None:
    versions = (their.version, our.version)
    if our.version != their.version:
        return Difference(OLDER if our.version < their.version else NEWER, our.subject_id, *versions)
    fields = tuple(sorted(name for name, value in our.data.items() if their.data.get(name) != value))
    return Difference(DIFFERENT, our.subject_id, *versions, fields) if fields else None
