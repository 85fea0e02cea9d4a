"""People (人员): each known once by their document, however many departments report them.

The first report makes the record; later ones add a reporter, or differ and are kept beside it. A known document under another
name, from a department that does not reach the person, makes a provisional person: no report tells what is on record (ADR 0019).
Answers are masked always. Lives here: registering, changing, reading. Not here: who is reached (``people.reach``), what a person
is to an organisation (``affiliations``).
Source: architecture, "Data": a record reported by several departments is one record with several reporters.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prometheus_client import Counter
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from chassis.rebuilding.republish import Page, State
from chassis.store.settling import settle, without_repeats
from chassis.store.work import Work
from contracts.language.violations import Violation
from contracts.vocabulary import ACCEPTED, DIFFERS, REJECTED, UNCHANGED
from services.talent.people import figures, statements
from services.talent.people.keys import PeopleKeys
from services.talent.people.reading import get_person
from services.talent.people.refusals import PersonInvalid, PersonNotFound
from services.talent.people.rules.comparing import Comparison, Particulars, compare, differences, repeats
from services.talent.people.rules.emails import read_email
from services.talent.people.rules.names import is_same_name, read_name
from services.talent.people.rules.phones import read_phone
from services.talent.people.tables import DuplicatePerson, Person
from services.talent.rules.identity import Identity, month_of_birth, read_identity

__all__ = ["PersonNotFound", "get_person"]

REGISTERED, CHANGED = "talent.person.registered.v1", "talent.person.changed.v1"
MERGED, UNMERGED = "talent.person.merged.v1", "talent.person.unmerged.v1"
provisional_total = Counter(
    "youthcity_provisional_people_total", "Reports of a known document under another name, dry runs too", ["department"]
)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person as reported, in any spelling."""

    name: str
    id_type: str
    id_number: str
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class PersonVerdict:
    """What became of a row; `person_id` is None exactly when it was rejected. `violations` are why, or where it differs."""

    verdict: str
    person_id: UUID | None
    created: bool
    violations: tuple[Violation, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entry:
    position: int
    identity: Identity
    particulars: Particulars
    lookups: tuple[bytes, ...]
    own_lookups: tuple[bytes, ...]
    """Those of the department's provisional person with this document."""


def register_person(
    work: Work,
    *,
    keys: PeopleKeys,
    name: str,
    id_type: str,
    id_number: str,
    phone: str | None = None,
    email: str | None = None,
) -> dict[str, Any]:
    """The person of a document: a new record, or the one there is with this department among its reporters.

    Raises PersonInvalid.
    """
    (done,) = register_people(work, [PersonRow(name, id_type, id_number, phone, email)], keys=keys)
    if done.person_id is None:
        raise PersonInvalid(errors=[violation.to_error() for violation in done.violations])
    return get_person(work, person_id=done.person_id) | {
        "created": done.created,
        "verdict": done.verdict,
        "differences": [difference.to_error() for difference in done.violations],
    }


def register_people(work: Work, rows: Sequence[PersonRow], *, keys: PeopleKeys) -> list[PersonVerdict]:
    """Register up to some 500 people with a fixed number of statements; a verdict for each row, in their order.

    Refuses nothing: what is wrong with a row is its verdict. Rows of one person are applied one after the other.
    """
    verdicts: dict[int, PersonVerdict] = {}
    entries = []
    for position, row in enumerate(rows):
        entry = _read(position, row, keys, work)
        if isinstance(entry, _Entry):
            entries.append(entry)
        else:
            verdicts[position] = PersonVerdict(REJECTED, None, created=False, violations=entry)
    for batch in without_repeats(entries, key=lambda entry: entry.lookups):
        # in one order everywhere, so that two imports wait for one another and never in a circle
        batch.sort(key=lambda entry: entry.lookups)
        settle(batch, lambda still: _register(work, still, keys, verdicts))
    return [verdicts[position] for position in range(len(rows))]


def _read(position: int, row: PersonRow, keys: PeopleKeys, work: Work) -> _Entry | tuple[Violation, ...]:
    identity = read_identity(row.id_type, row.id_number, today=work.today)
    name = read_name(row.name)
    phone = read_phone(row.phone) if row.phone is not None else None
    email = read_email(row.email) if row.email is not None else None
    if (
        isinstance(name, Violation)
        or isinstance(identity, Violation)
        or isinstance(phone, Violation)
        or isinstance(email, Violation)
    ):
        return tuple(found for found in (name, identity, phone, email) if isinstance(found, Violation))
    reported = Particulars(name, phone, email)
    own = keys.lookups(identity, only_of=work.caller.department)
    return _Entry(position, identity, reported, tuple(keys.lookups(identity)), tuple(own))


def _register(work: Work, entries: list[_Entry], keys: PeopleKeys, verdicts: dict[int, PersonVerdict]) -> list[_Entry]:
    """One round: write what can be written, note the verdicts, return the entries that lost a race."""
    lookups = [lookup for entry in entries for lookup in (*entry.own_lookups, *entry.lookups)]
    found = statements.find(work, lookups, keys)
    known, new = [], []
    for entry in entries:
        person = next((found[lookup] for lookup in (*entry.own_lookups, *entry.lookups) if lookup in found), None)
        if person is None:
            new.append((entry, statements.seal(entry.identity, entry.particulars, keys)))
        elif person.is_within_reach or is_same_name(person.record.name, entry.particulars.name):
            known.append((entry, person))
        else:
            provisional_total.labels(work.caller.department).inc()
            own = work.caller.department
            new.append((entry, statements.seal(entry.identity, entry.particulars, keys, twin=person.id, only_of=own)))
    return _add_new(work, new, verdicts) + _merge_known(work, known, keys, verdicts)


def _add_new(
    work: Work, new: list[tuple[_Entry, statements.SealedPerson]], verdicts: dict[int, PersonVerdict]
) -> list[_Entry]:
    if not new:
        return []
    added = statements.insert(work, [person for _, person in new])
    statements.keep_reports(
        work, [(person.id, person.particulars, person.sealed) for _, person in new if person.id in added]
    )
    lost = []
    for entry, person in new:
        if person.id not in added:
            lost.append(entry)
            continue
        work.record("person", person.id, from_state=None, to_state="registered")
        announce(work, REGISTERED, person.id, 1, born_month=month_of_birth(entry.identity))
        verdicts[entry.position] = PersonVerdict(ACCEPTED, person.id, created=True)
    return lost


def _merge_known(
    work: Work,
    known: list[tuple[_Entry, statements.KnownPerson]],
    keys: PeopleKeys,
    verdicts: dict[int, PersonVerdict],
) -> list[_Entry]:
    compared = {entry.position: _compared(person, entry.particulars) for entry, person in known}
    writes = [(person, entry.particulars) for entry, person in known if compared[entry.position] in _WRITTEN]
    written = statements.change_records(work, writes, keys) if writes else set()
    lost, reported = [], []
    for entry, person in known:
        comparison = compared[entry.position]
        if comparison in _WRITTEN and person.id not in written:
            lost.append(entry)
            continue
        if comparison in _WRITTEN:
            born_month, version = person.born_month, person.version + 1
            announce(work, CHANGED, person.id, version, person.merged_into, born_month=born_month)
        repeated = repeats(person.reported, entry.particulars)
        if not repeated:
            sealed = statements.seal_particulars(person.id, entry.particulars, keys, before=person.reported)
            reported.append((person.id, entry.particulars, sealed))
        verdict = DIFFERS if comparison is Comparison.DIFFER else UNCHANGED if repeated else ACCEPTED
        found = _differences(person, entry.particulars) if verdict == DIFFERS else ()
        verdicts[entry.position] = PersonVerdict(verdict, person.id, not person.is_within_reach, found)
    if reported:
        statements.keep_reports(work, reported)
    return lost


_WRITTEN = (Comparison.FILL, Comparison.CORRECT)


def _compared(person: statements.KnownPerson, reported: Particulars) -> Comparison:
    may_correct = person.is_own and not person.is_shared
    return compare(person.record, reported, may_fill=person.may_fill, may_correct=may_correct)


def _differences(person: statements.KnownPerson, reported: Particulars) -> tuple[Violation, ...]:
    return differences(person.record, person.reported, reported, sees_contacts=person.may_fill)


def announce(
    work: Work,
    event_type: str,
    person_id: UUID,
    version: int,
    merged_into: UUID | None = None,
    *,
    born_month: dt.date | None,
) -> None:
    """Queue the event with the whole state of a person."""
    data = _stated(person_id, version, merged_into, born_month)
    work.announce(event_type, subject_id=person_id, version=version, data=data)


def _stated(person_id: UUID, version: int, merged_into: UUID | None, born_month: dt.date | None) -> dict[str, Any]:
    return {
        "person_id": str(person_id),
        "version": version,
        "merged_into": str(merged_into) if merged_into else None,
        "born_month": f"{born_month:%Y-%m}" if born_month else None,
    }


COUNTERS = figures.COUNTERS


def as_they_stand(session: Session, page: Page) -> Sequence[State]:
    """A page of people, for a service that has lost its copy: that they are known, into whom merged, and their month of birth."""
    # a service restored from an older dump may hold a merge that was undone
    dismissed = exists().where(DuplicatePerson.provisional_id == Person.id, DuplicatePerson.state == "dismissed")
    columns: tuple[Any, ...] = (Person.id, Person.version, Person.merged_into, Person.born_month, Person.updated_at)
    return [
        State(
            MERGED if row.merged_into else UNMERGED if row.is_dismissed else REGISTERED,
            row.id,
            row.version,
            _stated(row.id, row.version, row.merged_into, row.born_month),
            row.updated_at,
        )
        for row in session.execute(page.of(select(*columns, dismissed.label("is_dismissed")), Person.id))
    ]


SOURCES = {"person": as_they_stand}
