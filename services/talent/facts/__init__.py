"""Facts (核验事实): what a department has verified about a person — insured, certified, graduated — from a day on.

A kind of fact says who confirms it and what it carries; a yes/no fact carries no more than that it holds. Lives here: reporting,
ending, reading. The law is in ``facts.rules``, kinds are in ``facts.kinds``. Not here: what a person is to an organisation
(``affiliations``), what follows from a fact (perks). Source: programmes, M2.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from chassis.declared.values import read_values
from chassis.ground.logs import redact
from chassis.rebuilding import republish
from chassis.store import records
from chassis.store.pages import narrowed, read_page
from chassis.store.work import Work
from contracts.language.paging import Paging
from contracts.language.refusals import Refusal
from contracts.language.violations import Violation
from contracts.vocabulary import ACCEPTED, ENDED, UNCHANGED
from services.talent.facts import kinds, rules
from services.talent.facts import statements as rows
from services.talent.facts.rules import Kind
from services.talent.facts.tables import Fact
from services.talent.organisations import lookups
from services.talent.people import PersonNotFound, reach
from services.talent.rules.periods import is_over

ENDED_AT_ONCE = 500


class FactNotFound(Refusal):
    """No fact has this id."""

    kind = "not_found"
    code = "talent.fact_not_found"
    zh = "未找到该事实。"
    en = "There is no such fact."


class FactInvalid(Refusal):
    """The days or the fields break a rule; `errors` says which."""

    kind = "invalid"
    code = "talent.fact_invalid"
    zh = "事实信息不符合要求。"
    en = "The fact is not valid."


class NotAConfirmer(Refusal):
    """The kind does not name the caller's department among those that confirm."""

    kind = "forbidden"
    code = "talent.not_a_confirmer"
    zh = "本部门不在该类事实的核验部门之列。"
    en = "Your department does not confirm facts of this kind."


class NotYourFact(Refusal):
    """Another department has confirmed it."""

    kind = "forbidden"
    code = "talent.not_your_fact"
    zh = "该事实由其他部门核验，只能由其终止。"
    en = "Another department has confirmed it, and ends it."


class FactEnded(Refusal):
    """It has ended already."""

    kind = "conflict"
    code = "talent.fact_ended"
    zh = "该事实已于 {until_on} 终止。"
    en = "The fact ended on {until_on}."


class FactEndsBeforeItBegan(Refusal):
    """It cannot end before it began."""

    kind = "invalid"
    code = "talent.fact_ends_before_it_began"
    zh = "终止日期不能早于成立日期 {from_on}。"
    en = "It cannot end before it began, on {from_on}."


def report_fact(
    work: Work,
    *,
    person_id: UUID,
    kind_key: str,
    from_on: dt.date,
    until_on: dt.date | None = None,
    values: Mapping[str, Any],
) -> dict[str, Any]:
    """Report what the department has verified; the same again is unchanged, other values correct its fact.

    Raises FactKindNotFound, NotAConfirmer, PersonNotFound, FactInvalid.
    """
    kind = kinds.kept_still(work, kind_key)
    if work.caller.department not in kind.confirmed_by:
        raise NotAConfirmer()
    record_id = reach.records_of(work, {person_id}).get(person_id)
    if record_id is None:
        raise PersonNotFound()
    read, wrong = read_values(kind.declared, values)
    wrong += rules.check_report(from_on, until_on, today=work.today) + _unknown_organisations(work, kind, read)
    if wrong:
        raise FactInvalid(errors=[violation.to_error() for violation in wrong])
    fact_id, outcome, created = _write(work, record_id, kind, from_on, until_on, read)
    return get_fact(work, fact_id=fact_id) | {"verdict": outcome, "created": created}


def _unknown_organisations(work: Work, kind: Kind, values: Mapping[str, Any]) -> list[Violation]:
    named = {
        field["key"]: UUID(values[field["key"]])
        for field in kind.declared
        if field["type"] == rules.ORGANISATION and field["key"] in values
    }
    known = lookups.known(work, named.values()) if named else set()
    zh, en = "未找到该单位。", "There is no such organisation."
    return [
        Violation(f"fields/{key}", "organisation_unknown", zh, en) for key, one in named.items() if one not in known
    ]


def _write(
    work: Work, person_id: UUID, kind: Kind, from_on: dt.date, until_on: dt.date | None, values: Mapping[str, Any]
) -> tuple[UUID, str, bool]:
    """The person's row is locked first, so one department's reports of a person come one after the other."""
    reach.hold(work, person_id)
    known = rows.lock(work, person_id, kind.key)
    held = [rows.held(row) for row in known]
    after = rules.reported(held, kind, from_on=from_on, until_on=until_on, values=values, today=work.today)
    for row, one in zip(known, held, strict=True):
        if one.from_on == from_on:
            if one == after:
                return row.id, UNCHANGED, False
            rows.change(work, row, after, kind.declared)
            return row.id, ACCEPTED, False
    for row, one in zip(known, held, strict=True):
        if (shorter := rules.cut_short(one, by=from_on, today=work.today)) is not None:
            rows.change(work, row, shorter, kind.declared)
    return rows.add(work, person_id, kind, after), ACCEPTED, True


def end_fact(
    work: Work, *, fact_id: UUID, until_on: dt.date | None = None, reason: str | None = None
) -> dict[str, Any]:
    """End it on `until_on`, the first day it no longer holds; today without one. A day to come only sets the end, the day it
    began calls it off. `reason` must not name anyone.

    Raises FactNotFound, NotYourFact, FactEnded, FactEndsBeforeItBegan.
    """
    found = records.found_row(work, _stored(work, fact_id), FactNotFound)
    if found.department != work.caller.department:
        raise NotYourFact()
    kind = kinds.kept_still(work, found.kind_key)
    reach.hold(work, found.person_id)
    (row,) = [one for one in rows.lock(work, found.person_id, found.kind_key) if one.id == fact_id]
    end = until_on or max(work.today, row.from_on)
    if row.state == ENDED and row.until_on != end and until_on is not None:
        raise FactEnded(until_on=str(row.until_on))
    if end < row.from_on:
        raise FactEndsBeforeItBegan(from_on=str(row.from_on))
    if row.state != ENDED:
        before = rows.held(row)
        state = ENDED if is_over(end, today=work.today) else row.state
        after = replace(before, state=state, until_on=end)
        if after != before:
            rows.change(work, row, after, kind.declared, redact(reason) if reason else None)
    return get_fact(work, fact_id=fact_id)


def end_lapsed(work: Work, *, limit: int = ENDED_AT_ONCE) -> bool:
    """End facts whose period has run out, at most `limit`; true when there may be more."""
    return rows.end_lapsed(work, limit) == limit


def forget_facts(work: Work, person_ids: Iterable[UUID]) -> None:
    """Of people who are erased: open facts end today, and only values that cannot name a person stay. Kinds and days stay,
    so what is counted is counted as before.
    """
    for row, declared in rows.lock_of_people(work, person_ids):
        before = rows.held(row)
        values = rules.announced(declared, before.values)
        is_open = before.state != ENDED
        after = replace(before, values=values, state=ENDED)
        if is_open:
            after = replace(after, until_on=max(work.today, before.from_on))
        if after != before:
            rows.change(work, row, after, declared)


def get_fact(work: Work, *, fact_id: UUID) -> dict[str, Any]:
    """One fact of a person within reach. Raises FactNotFound."""
    statement = _shown().where(Fact.id == fact_id, reach.reaches_person(work, reach.PERSON_ID))
    return dict(records.found(work, statement, FactNotFound))


def list_facts(
    work: Work,
    *,
    page: Paging,
    person_id: UUID | None = None,
    kind_key: str | None = None,
    state: str | None = None,
) -> dict[str, Any]:
    """Facts of people within reach, oldest first; a filter of None matches any.

    Without a person: those the caller's department has confirmed.
    """
    filters = {"kind_key": kind_key, "state": state}
    statement = narrowed(_shown(), Fact.__table__.c, filters).where(reach.reaches_person(work, reach.PERSON_ID))
    if person_id is not None:
        statement = statement.where(Fact.person_id.in_(reach.ids_of(reach.unmerged(person_id))))
    elif not reach.is_everybodys(work) and work.caller.person_id is None:
        statement = statement.where(Fact.department == work.caller.department)
    key = (Fact.created_at, Fact.id)
    return read_page(work.session, statement, page, key=key, updated_at=Fact.updated_at)


def _shown() -> Select[Any]:
    columns = (
        Fact.id,
        reach.PERSON_ID.label("person_id"),
        Fact.kind_key,
        Fact.department,
        Fact.state,
        Fact.from_on,
        Fact.until_on,
        Fact.fields.label("values"),
        Fact.version,
        Fact.created_at,
    )
    return reach.with_person(select(*columns), Fact.person_id)


def _stored(work: Work, fact_id: UUID) -> Select[Any]:
    columns: tuple[Any, ...] = (Fact.person_id, Fact.kind_key, Fact.department)
    found = reach.with_person(select(*columns), Fact.person_id)
    return found.where(Fact.id == fact_id, reach.reaches_person(work, reach.PERSON_ID))


SOURCES: Mapping[str, republish.Read] = {"fact": rows.as_they_stand}
