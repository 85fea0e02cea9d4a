"""People (人员): each known once by their document, however many departments report them.

The first report makes the record; later ones add a reporter, or differ and are kept beside it. Answers are masked always.
Lives here: registering, changing, reading. Not here: what a person is to an organisation (``affiliations``).
Source: architecture, "Data": a record reported by several departments is one record with several reporters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Table, func, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from chassis.ground.ids import uuid7
from chassis.rebuilding.republish import Page, State
from chassis.store import records
from chassis.store.pages import read_page
from chassis.store.settling import settle, without_repeats
from chassis.store.versions import check_version
from chassis.store.work import Work
from contracts.language.refusals import Refusal
from contracts.language.violations import Violation
from contracts.vocabulary import ACCEPTED, DIFFERS, REJECTED, UNCHANGED
from services.talent.people import figures, statements
from services.talent.people.keys import EMAIL, NAME, PHONE, PeopleKeys
from services.talent.people.rules.comparing import Comparison, Particulars, compare, repeats
from services.talent.people.rules.emails import read_email
from services.talent.people.rules.masking import mask_email, mask_name, mask_phone
from services.talent.people.rules.names import read_name
from services.talent.people.rules.phones import read_phone
from services.talent.people.statements import SealedParticulars
from services.talent.people.tables import Person, PersonReport
from services.talent.rules.identity import Identity, read_identity

REGISTERED = "talent.person.registered.v1"
TABLE: Table = Person.__table__  # type: ignore[assignment]


class PersonNotFound(Refusal):
    """No person has this id."""

    kind = "not_found"
    code = "talent.person_not_found"
    zh = "未找到该人员。"
    en = "There is no such person."


class PersonInvalid(Refusal):
    """The name, document or phone breaks a rule; `errors` says which."""

    kind = "invalid"
    code = "talent.person_invalid"
    zh = "人员信息不符合要求。"
    en = "The person's particulars are not valid."


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
    """What became of a row; `person_id` is None exactly when it was rejected."""

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
    return get_person(work, person_id=done.person_id) | {"created": done.created, "verdict": done.verdict}


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
    return _Entry(position, identity, reported, tuple(keys.lookups(identity)))


def _register(work: Work, entries: list[_Entry], keys: PeopleKeys, verdicts: dict[int, PersonVerdict]) -> list[_Entry]:
    """One round: write what can be written, note the verdicts, return the entries that lost a race."""
    found = statements.find(work, [lookup for entry in entries for lookup in entry.lookups], keys)
    known, new = [], []
    for entry in entries:
        person = next((found[lookup] for lookup in entry.lookups if lookup in found), None)
        if person is None:
            new.append((entry, statements.seal(uuid7(), entry.identity, entry.particulars, keys)))
        else:
            known.append((entry, person))
    return _add_new(work, new, verdicts) + _merge_known(work, known, keys, verdicts)


def _add_new(
    work: Work, new: list[tuple[_Entry, statements.SealedPerson]], verdicts: dict[int, PersonVerdict]
) -> list[_Entry]:
    if not new:
        return []
    added = statements.insert(work, [person for _, person in new])
    statements.keep_reports(work, [(person.id, person.sealed) for _, person in new if person.id in added])
    lost = []
    for entry, person in new:
        if person.id not in added:
            lost.append(entry)
            continue
        work.record("person", person.id, from_state=None, to_state="registered")
        _announce(work, REGISTERED, person.id, 1)
        verdicts[entry.position] = PersonVerdict(ACCEPTED, person.id, created=True)
    return lost


def _merge_known(
    work: Work,
    known: list[tuple[_Entry, statements.KnownPerson]],
    keys: PeopleKeys,
    verdicts: dict[int, PersonVerdict],
) -> list[_Entry]:
    compared = {entry.position: compare(person.record, entry.particulars) for entry, person in known}
    fills = [(person, entry.particulars) for entry, person in known if compared[entry.position] is Comparison.FILL]
    filled = statements.fill_contacts(work, fills, keys) if fills else set()
    lost, reported = [], []
    for entry, person in known:
        comparison = compared[entry.position]
        if comparison is Comparison.FILL and person.id not in filled:
            lost.append(entry)
            continue
        if comparison is Comparison.FILL:
            _announce(work, "talent.person.changed.v1", person.id, person.version + 1)
        repeated = repeats(person.reported, entry.particulars)
        if not repeated:
            reported.append((person.id, statements.seal_particulars(person.id, entry.particulars, keys)))
        verdict = DIFFERS if comparison is Comparison.DIFFER else UNCHANGED if repeated else ACCEPTED
        verdicts[entry.position] = PersonVerdict(verdict, person.id, created=False)
    if reported:
        statements.keep_reports(work, reported)
    return lost


def change_person(
    work: Work, *, person_id: UUID, version: int, changes: Mapping[str, Any], keys: PeopleKeys
) -> dict[str, Any]:
    """Correct name, phone or e-mail address of the record (None removes the latter two); the reports of departments stay.

    Raises PersonNotFound, PersonInvalid, VersionStale.
    """
    row = records.found(work, select(TABLE).where(TABLE.c.id == person_id), PersonNotFound)
    check_version(row["version"], version)
    values, changed = _changed_values(row, changes, keys)
    if changed:
        records.write_change(work, TABLE, row, {**values, "updated_at": work.now})
        work.record(
            "person", person_id, from_state="registered", to_state="registered", reason=f"changed: {', '.join(changed)}"
        )
        _announce(work, "talent.person.changed.v1", person_id, row["version"] + 1)
    return get_person(work, person_id=person_id)


def _changed_values(
    row: Mapping[Any, Any], changes: Mapping[str, Any], keys: PeopleKeys
) -> tuple[dict[str, Any], list[str]]:
    record = statements.opened(
        row["id"], SealedParticulars(row["name_sealed"], row["phone_sealed"], row["email_sealed"]), keys
    )
    name = read_name(changes["name"]) if "name" in changes else record.name
    phone = read_phone(changes["phone"]) if changes.get("phone") is not None else None
    email = read_email(changes["email"]) if changes.get("email") is not None else None
    if isinstance(name, Violation) or isinstance(phone, Violation) or isinstance(email, Violation):
        wrong = [found.to_error() for found in (name, phone, email) if isinstance(found, Violation)]
        raise PersonInvalid(errors=wrong)
    values: dict[str, Any] = {}
    changed = []
    if name != record.name:
        values |= {"name_sealed": keys.seal(row["id"], NAME, name), "name_masked": mask_name(name)}
        changed.append("name")
    if "phone" in changes and phone != record.phone:
        values["phone_sealed"] = keys.seal(row["id"], PHONE, phone) if phone is not None else None
        values["phone_masked"] = mask_phone(phone) if phone is not None else None
        changed.append("phone")
    if "email" in changes and email != record.email:
        values["email_sealed"] = keys.seal(row["id"], EMAIL, email) if email is not None else None
        values["email_masked"] = mask_email(email) if email is not None else None
        changed.append("email")
    return values, changed


def get_person(work: Work, *, person_id: UUID) -> dict[str, Any]:
    """One person, masked. Raises PersonNotFound."""
    return dict(records.found(work, _masked().where(Person.id == person_id), PersonNotFound))


def list_people(
    work: Work, *, limit: int, after: Mapping[str, Any] | None = None, reported_by: str | None = None
) -> dict[str, Any]:
    """People, masked, oldest first; `reported_by` keeps those a department has reported."""
    statement = _masked()
    if reported_by is not None:
        reported = select(PersonReport.person_id).where(PersonReport.department == reported_by)
        statement = statement.where(Person.id.in_(reported))
    return read_page(work.session, statement, key=(Person.created_at, Person.id), limit=limit, after=after)


_KNOWN = text(
    """
    select id from people where id = any(cast(:ids as uuid[]))
    """
)


def known(work: Work, ids: Iterable[UUID]) -> set[UUID]:
    """Those of the ids that are people."""
    return set(work.session.connection().execute(_KNOWN, {"ids": [str(one) for one in set(ids)]}).scalars())


def _masked() -> Select[Any]:
    departments = func.array_agg(
        aggregate_order_by(PersonReport.department, PersonReport.reported_at, PersonReport.department)
    )
    return select(
        Person.id,
        Person.name_masked,
        Person.id_type,
        Person.id_number_masked,
        Person.phone_masked,
        Person.email_masked,
        Person.version,
        Person.created_at,
        select(departments).where(PersonReport.person_id == Person.id).scalar_subquery().label("reported_by"),
    )


def _announce(work: Work, event_type: str, person_id: UUID, version: int) -> None:
    work.announce(
        event_type, subject_id=person_id, version=version, data={"person_id": str(person_id), "version": version}
    )


COUNTS = figures.COUNTS


def as_they_stand(session: Session, page: Page) -> Sequence[State]:
    """A page of people, for a service that has lost its copy: that they are known, and nothing about them."""
    rows = session.execute(page.of(select(Person.id, Person.version, Person.updated_at), Person.id))
    return [
        State(REGISTERED, row.id, row.version, {"person_id": str(row.id), "version": row.version}, row.updated_at)
        for row in rows
    ]


SOURCES = {"person": as_they_stand}
