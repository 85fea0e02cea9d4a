"""What clauses see of people on a day: their affiliations, and, where a scheme goes by them, their facts and their age.

Lives here: reading it for many people with a few statements, and the days on which it changes by itself. Not here: the clauses
(``entitlements.rules``), when people are evaluated (``evaluation``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.store.work import Work
from services.perks import copies
from services.perks.entitlements import rules as eligibility
from services.perks.entitlements.rules import AGE, FACTS
from services.perks.rules.ages import UNKNOWN, age_on, next_birthday
from services.perks.rules.periods import holds

Memberships = dict[UUID, list[tuple[str, dt.date, dt.date | None]]]


@dataclass(frozen=True)
class Seen:
    """One person as clauses see them. `kept` and `verified`: affiliations and facts as an entitlement keeps them, so that its
    reasons can be followed down to the records. `changes_on`: every day on which any of it begins or ends.
    """

    names: dict[str, Any]
    kept: list[dict[str, Any]]
    verified: list[dict[str, Any]]
    changes_on: Sequence[dt.date | None]


def read(work: Work, person_ids: Sequence[UUID], day: dt.date, used: Collection[str]) -> dict[UUID, Seen]:
    """Each person as seen on `day`; who is merged into somebody has no entry. `used`: the names that clauses use; facts and
    months of birth are read for them alone.
    """
    affiliations = copies.affiliations_of(work.session, person_ids)
    organisations = {row["organisation_id"] for rows in affiliations.values() for row in rows}
    memberships = copies.memberships_of(work.session, organisations)
    facts = copies.facts_of(work.session, person_ids) if FACTS in used else {}
    months = copies.born_months_of(work.session, person_ids) if AGE in used else {}
    return {
        person_id: _seen(rows, memberships, facts.get(person_id, []), months.get(person_id), day)
        for person_id, rows in affiliations.items()
    }


def _seen(
    rows: list[dict[str, Any]],
    memberships: Memberships,
    facts: list[dict[str, Any]],
    born_month: dt.date | None,
    day: dt.date,
) -> Seen:
    # the newest, if there are more than clauses may go through
    newest, newest_facts = rows[-eligibility.MAX_AFFILIATIONS :], facts[-eligibility.MAX_ITEMS :]
    seen = [_affiliation(row, memberships, day) for row in newest]
    verified = [_fact(row, day) for row in newest_facts]
    age = age_on(born_month, day) if born_month is not None else UNKNOWN
    changes_on = [*_days(rows, memberships), *_periods(facts), next_birthday(born_month, day)]
    return Seen(
        names={"today": day.isoformat(), "affiliations": seen, FACTS: verified, AGE: age},
        kept=[_kept(row, fact, "affiliation_id") for row, fact in zip(newest, seen, strict=True)],
        verified=[_kept(row, fact, "fact_id") for row, fact in zip(newest_facts, verified, strict=True)],
        changes_on=changes_on,
    )


def _affiliation(row: dict[str, Any], memberships: Memberships, today: dt.date) -> dict[str, Any]:
    organisation_id, until_on = row["organisation_id"], row["until_on"]
    sets = {key for key, start, end in memberships.get(organisation_id, []) if holds(start, end, today)}
    return {
        "role": row["role"],
        "state": row["state"],
        "organisation_id": str(organisation_id),
        "organisation_kind": row["organisation_kind"],
        "sets": sorted(sets)[: eligibility.MAX_ITEMS],
        "from_on": row["from_on"].isoformat(),
        "until_on": until_on.isoformat() if until_on else "",
        "current": row["state"] == "confirmed" and holds(row["from_on"], until_on, today),
    }


def _fact(row: dict[str, Any], today: dt.date) -> dict[str, Any]:
    """One that has run out and is not ended yet holds no more: its period counts, not its state."""
    until_on = row["until_on"]
    return {
        "kind": row["kind_key"],
        "department": row["department"],
        "from_on": row["from_on"].isoformat(),
        "until_on": until_on.isoformat() if until_on else "",
        "current": holds(row["from_on"], until_on, today),
        "fields": row["fields"],
    }


def _kept(row: dict[str, Any], fact: dict[str, Any], id_name: str) -> dict[str, Any]:
    about = {id_name: str(row["id"]), "version": row["version"]}
    return about | fact | {"until_on": fact["until_on"] or None}


def _days(rows: Iterable[dict[str, Any]], memberships: Memberships) -> Iterator[dt.date | None]:
    yield from _periods(rows)
    for row in rows:
        for _, start, end in memberships.get(row["organisation_id"], []):
            yield from (start, end)


def _periods(rows: Iterable[dict[str, Any]]) -> Iterator[dt.date | None]:
    for row in rows:
        yield from (row["from_on"], row["until_on"])
