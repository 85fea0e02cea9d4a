"""Merges: whose entitlements are whose once people are merged, and again when it is undone.

Lives here: where each row stands, by the links between people alone, so late, repeated and reversed events end alike. Not
here: the links (``copies``), what the survivor is entitled to (``evaluation``), the order of it all (``triggers``). Source:
ADR 0022.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, text

from chassis.store.work import Work
from services.perks import copies, entitlements, schemes
from services.perks.entitlements import SUSPENDED, TABLE
from services.perks.redemptions import moving

#: Why an entitlement is suspended whose person is merged into somebody who has one.
REASON = {
    "clause": "merged",
    "met": False,
    "message": {
        "zh-CN": "该人员已并入另一人员，权益随之合并。",
        "en": "The person is merged into another, who has it.",
    },
    "source": "ADR 0022",
}
Row = dict[str, Any]
_PLACE = text(
    """
    update entitlements e set person_id = n.person_id, merged_from = n.merged_from, merged_into = n.merged_into,
    state = n.state, reasons = n.reasons, version = e.version + 1 from jsonb_to_recordset(cast(:changes as jsonb))
    as n (id uuid, person_id uuid, merged_from uuid, merged_into uuid, state text, reasons jsonb) where e.id = n.id
    """
)


@dataclass(frozen=True)
class Place:
    """Where an entitlement stands: whose it is, whose it was before a merge, and the one it is merged into."""

    person_id: UUID
    merged_from: UUID | None = None
    merged_into: UUID | None = None


def follow_links(work: Work, person_ids: Iterable[UUID]) -> set[UUID]:
    """Put the entitlements of these people where the links say, and their redemptions; returns everybody concerned.

    The caller has kept evaluations out. A right that lives on with the survivor is announced as merged, not as suspended.
    """
    people, links, rows = _group(work, person_ids)
    places = places_of(rows, links)
    changes = {row["id"]: change for row in rows if (change := _change(row, places[row["id"]])) is not None}
    _write(work, rows, changes)
    _announce(work, rows, changes)
    into = {row["id"]: places[row["id"]].merged_into for row in rows}
    before = {row["id"]: row["merged_into"] for row in rows}
    moving.give_back(work, [(was, key) for key, was in before.items() if was is not None and was != into[key]])
    moving.move(work, [(key, now) for key, now in into.items() if now is not None])
    return people


def _group(work: Work, person_ids: Iterable[UUID]) -> tuple[set[UUID], dict[UUID, UUID], list[Row]]:
    """These people and all that links and entitlements join them with; the links; the entitlements."""
    people = set(person_ids)
    while True:
        links = copies.links_of(work.session, people)
        theirs = select(TABLE).where(or_(TABLE.c.person_id.in_(people), TABLE.c.merged_from.in_(people)))
        rows = [dict(row) for row in work.session.connection().execute(theirs.order_by(TABLE.c.id)).mappings()]
        found = {*people, *links, *links.values()}
        found |= {row["person_id"] for row in rows} | {row["merged_from"] for row in rows if row["merged_from"]}
        if found == people:
            return people, links, rows
        people = found


def places_of(rows: Sequence[Row], links: Mapping[UUID, UUID]) -> dict[UUID, Place]:
    """Where each entitlement of a group of people belongs. The survivor's own stands; else the oldest of those merged into
    them stands for it, and the others are merged into that one.
    """
    homes = _homes(rows)
    together: dict[tuple[UUID, str], list[Row]] = defaultdict(list)
    for row in rows:
        together[_survivor(homes[row["id"]], links), row["scheme_key"]].append(row)
    places = {}
    for (person_id, _), group in together.items():
        first = min(group, key=lambda row: (homes[row["id"]] != person_id, row["created_at"], row["id"]))
        for row in group:
            home = homes[row["id"]]
            places[row["id"]] = Place(home, merged_into=first["id"])
        home = homes[first["id"]]
        places[first["id"]] = Place(person_id, merged_from=home if home != person_id else None)
    return places


def _homes(rows: Sequence[Row]) -> dict[UUID, UUID]:
    """Who had each entitlement before any merge. Where that person was granted another one since, by a process that did not know
    of the merge, the moved one stays with whom it is.
    """
    homes: dict[UUID, UUID] = {}
    known: set[tuple[UUID, str]] = set()
    for row in sorted(rows, key=lambda row: (row["merged_from"] is not None, row["created_at"], row["id"])):
        first, scheme_key = row["merged_from"] or row["person_id"], row["scheme_key"]
        homes[row["id"]] = row["person_id"] if (first, scheme_key) in known else first
        known.add((homes[row["id"]], scheme_key))
    return homes


def _survivor(person_id: UUID, links: Mapping[UUID, UUID]) -> UUID:
    """A link to somebody who is merged too is one that is undone: the event that says so is on its way."""
    into = links.get(person_id, person_id)
    return person_id if into in links else into


def _change(row: Row, place: Place) -> Row | None:
    """What is to be written of a row to stand in its place; None where it does."""
    change = asdict(place) | {"state": row["state"], "reasons": row["reasons"]}
    if place.merged_into is not None:
        change |= {"state": SUSPENDED, "reasons": [REASON]}
    return change if any(row[name] != value for name, value in change.items()) else None


def _write(work: Work, rows: Sequence[Row], changes: Mapping[UUID, Row]) -> None:
    """Each row once its place is free: a person has one entitlement of a scheme at every moment."""
    stands = {row["id"]: (row["person_id"], row["scheme_key"]) for row in rows}
    goes = {row["id"]: (changes[row["id"]]["person_id"], row["scheme_key"]) for row in rows if row["id"] in changes}
    while goes:
        taken = {place: key for key, place in stands.items()}
        free = [key for key, place in goes.items() if taken.get(place, key) == key]
        assert free, "entitlements stand in each other's place"
        written = json.dumps([{"id": key, **changes[key]} for key in free], ensure_ascii=False, default=str)
        work.session.connection().execute(_PLACE, {"changes": written})
        stands |= {key: goes.pop(key) for key in free}


def _announce(work: Work, rows: Sequence[Row], changes: Mapping[UUID, Row]) -> None:
    """What is merged now. An entitlement that only changes its person is not announced."""
    names = {scheme.key: scheme.name for scheme in schemes.current(work)} if changes else {}
    for row in rows:
        change = changes.get(row["id"])
        if change is None or change["merged_into"] is None:
            continue
        after = {**row, **change, "version": row["version"] + 1}
        into = str(change["merged_into"])
        event_type = "perks.entitlement.merged.v1"
        entitlements.record_and_announce(
            work, event_type, after, names.get(row["scheme_key"]), row["state"], merged_into=into
        )
