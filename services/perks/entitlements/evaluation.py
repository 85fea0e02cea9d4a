"""Evaluation: what each person is entitled to, from today's facts and the current schemes alone (免申即享).

Lives here: when people are evaluated and how the outcome is written. Not here: the clauses (``entitlements.rules``), what they
see (``entitlements.seen``). It runs for the people of changed affiliations and facts in the transaction of the change, for
everybody in resumable chunks after a scheme or a set is published, and for a person on the day a validity date passes or a
birthday by which a scheme goes. Whatever the order, duplication or split of the same facts, it ends in the same entitlements:

* a person's row in ``people`` is locked before their facts are changed or read, so evaluations of one person queue up;
* who is merged into somebody is entitled to nothing by themselves: their facts count for the survivor, who is locked and
  evaluated with them. Links between people change only while no evaluation runs (``triggers.people_merged``);
* publishing takes the gate below exclusively, evaluating takes it shared: an evaluation has either seen what was
  published, or has committed before it and is seen by the run that follows. The gate comes before any row, so no
  transaction that holds rows waits behind a publisher.

A scan evaluates here too, for a person something has changed for by date alone and no timer has come to yet.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, union, update
from sqlalchemy.dialects.postgresql import insert as insert_once
from sqlalchemy.orm import aliased

from chassis.ground.ids import uuid7
from chassis.store.work import Work
from services.perks import copies, entitlements, schemes
from services.perks.entitlements import rules as eligibility
from services.perks.entitlements import seen
from services.perks.entitlements.tables import EvaluationRun, Person
from services.perks.rules.periods import holds, next_boundary

CHUNK = 200
_BEFORE_ALL = UUID(int=0)
_GATE = 0x4576616C  # "Eval"
_PUBLISHING = text("""select pg_advisory_xact_lock(:gate)""")
_EVALUATING = text("""select pg_advisory_xact_lock_shared(:gate)""")


def lock_people(work: Work, person_ids: Iterable[UUID]) -> list[UUID]:
    """Before the facts of people are changed: make them known and keep other evaluations of them out. Returns who is to be
    evaluated when they have changed: these people, and whoever they are merged into.
    """
    _enter(work)
    people = set(person_ids)
    if not people:
        return []
    people |= set(copies.links_of(work.session, people).values())
    # an upsert that changes nothing: it creates the row or locks it, in one order for everybody
    statement = insert_once(Person)
    locking = statement.on_conflict_do_update(index_elements=["id"], set_={"id": statement.excluded.id})
    work.session.connection().execute(locking, [{"id": person_id} for person_id in sorted(people)])
    return sorted(people)


def goes_by_age(work: Work) -> bool:
    """Whether any current scheme does. Until this work is over none is published that would be the first."""
    _enter(work)
    return _goes_by_age(work)


def _goes_by_age(work: Work) -> bool:
    return any(eligibility.AGE in eligibility.names_in(scheme.clauses) for scheme in schemes.current(work))


def _enter(work: Work) -> None:
    work.session.connection().execute(_EVALUATING, {"gate": _GATE})


def block_evaluations(work: Work) -> None:
    """Before something is published that everybody's evaluation reads: wait for those under way, hold up new ones."""
    work.session.connection().execute(_PUBLISHING, {"gate": _GATE})


def evaluate_all_later(work: Work, reason: str) -> None:
    """Have everybody evaluated in chunks, after this transaction: a scheme or a set is being published in it.

    A run that has not begun will see this too, so there is never more than one under way and one that waits.
    """
    block_evaluations(work)
    _add_run(work, reason)


def _add_run(work: Work, reason: str) -> None:
    """One run that has not begun is enough, of replays and of others each. The caller has either locked the people
    concerned or kept evaluations out, so such a run cannot pass them by before this transaction ends.
    """
    open_runs = select(EvaluationRun.id).where(EvaluationRun.finished_at.is_(None), EvaluationRun.cursor.is_(None))
    if work.session.scalar(open_runs.where(EvaluationRun.replay == work.replay).limit(1)) is None:
        work.session.add(EvaluationRun(id=uuid7(), reason=reason, created_at=work.now, replay=work.replay))


def evaluate_changed(work: Work, person_ids: Sequence[UUID]) -> None:
    """Evaluate locked people whose facts have changed: at once, or with everybody when the facts are sent again, for
    half of a person's facts must not suspend what all of them grant."""
    if work.replay:
        _add_run(work, "facts sent again")
    else:
        evaluate(work, person_ids)


def evaluate(work: Work, person_ids: Sequence[UUID]) -> None:
    """Decide for locked people and write what changed: a few statements, however many people. For who is merged into somebody
    nothing is decided, and no day is waited for."""
    if not person_ids:
        return
    decisions, boundaries = _decisions(work, person_ids, work.today)
    entitlements.settle(work, decisions)
    _note_next_checks(work, dict.fromkeys(person_ids) | boundaries)


def is_entitled_on(work: Work, *, person_id: UUID, scheme_key: str, day: dt.date) -> bool:
    """What an evaluation on `day` would decide. Only reads; for a scan between a validity date and the timer."""
    decisions, _ = _decisions(work, [person_id], day)
    return any(decision.is_entitled for decision in decisions if decision.scheme_key == scheme_key)


def _decisions(
    work: Work, person_ids: Sequence[UUID], day: dt.date
) -> tuple[list[entitlements.Decision], dict[UUID, dt.date | None]]:
    """Every person's decisions under every scheme, and the next day something changes for them by itself."""
    current = schemes.current(work)
    uses = {scheme.key: eligibility.names_in(scheme.clauses) for scheme in current}
    people = seen.read(work, person_ids, day, frozenset().union(*uses.values()))
    decisions: list[entitlements.Decision] = []
    boundaries: dict[UUID, dt.date | None] = {}
    decided: dict[str, list[dict[str, Any]]] = {}
    for person_id, one in people.items():
        by_affiliations = repr(one.names["affiliations"])
        for scheme in current:
            # the same facts get the same decision: students of one university and year are decided once
            others = "".join(repr(one.names[name]) for name in sorted(uses[scheme.key]))
            about = f"{scheme.key} {scheme.version} {by_affiliations} {others}"
            if about not in decided:
                decided[about] = eligibility.decide(scheme.clauses, one.names)
            verified = one.verified if eligibility.FACTS in uses[scheme.key] else None
            decisions.append(_decision(person_id, scheme, decided[about], one.kept, verified, day))
        validity = [limit for scheme in current for limit in (scheme.valid_from, scheme.valid_until)]
        boundaries[person_id] = next_boundary([*one.changes_on, *validity], day)
    return decisions, boundaries


def _decision(
    person_id: UUID,
    scheme: schemes.Scheme,
    reasons: list[dict[str, Any]],
    kept: list[dict[str, Any]],
    verified: list[dict[str, Any]] | None,
    day: dt.date,
) -> entitlements.Decision:
    is_valid = holds(scheme.valid_from, scheme.valid_until, day)
    return entitlements.Decision(
        person_id=person_id,
        scheme_key=scheme.key,
        scheme_version=scheme.version,
        scheme_name=scheme.name,
        is_entitled=is_valid and all(reason["met"] for reason in reasons),
        reasons=reasons,
        facts=kept,
        verified=verified,
    )


def _note_next_checks(work: Work, boundaries: dict[UUID, dt.date | None]) -> None:
    rows = [{"id": person_id, "next_check_on": day} for person_id, day in sorted(boundaries.items())]
    statement = insert_once(Person)
    changed = Person.next_check_on.is_distinct_from(statement.excluded.next_check_on)
    noted = statement.on_conflict_do_update(
        index_elements=["id"], set_={"next_check_on": statement.excluded.next_check_on}, where=changed
    )
    work.session.connection().execute(noted, rows)


# -- by the timer


def run_chunk(work: Work) -> bool:
    """Take one chunk of the oldest open run; true when there may be more to do. Replicas take different runs.

    What a replay causes is a replay too, so the two kinds of run never mix: the older ends before the other kind begins.
    """
    _enter(work)
    older = aliased(EvaluationRun)
    before = select(older.id).where(older.finished_at.is_(None), older.id < EvaluationRun.id)
    oldest = (
        select(EvaluationRun)
        .where(EvaluationRun.finished_at.is_(None), ~before.where(older.replay != EvaluationRun.replay).exists())
        .order_by(EvaluationRun.id)
        .limit(1)
    )
    run = work.session.scalar(oldest.with_for_update(skip_locked=True, of=EvaluationRun))
    if run is None:
        return False
    work.replay = work.replay or run.replay
    person_ids = _next_people(work, run.cursor)
    if person_ids:
        evaluate(work, lock_people(work, person_ids))
        values: dict[str, Any] = {"cursor": person_ids[-1]}
    else:
        values = {"finished_at": work.now}
    work.session.execute(update(EvaluationRun).where(EvaluationRun.id == run.id).values(values))
    return True


def _next_people(work: Work, cursor: UUID | None) -> Sequence[UUID]:
    """The people of the next chunk; where a scheme goes by age, those too of whom nothing but their month of birth is known."""
    known = select(Person.id).where(Person.id > (cursor or _BEFORE_ALL)).order_by(Person.id).limit(CHUNK)
    if not _goes_by_age(work):
        return work.session.scalars(known).all()
    either = union(known, copies.next_with_month(cursor or _BEFORE_ALL, CHUNK)).subquery()
    return work.session.scalars(select(either.c.id).order_by(either.c.id).limit(CHUNK)).all()


def run_due(work: Work) -> bool:
    """Evaluate one chunk of the people for whom a validity date has passed; true when there may be more.

    Not while a run of a replay is open: it comes to everybody, and a database restored from an older dump must not tell
    people again of dates that passed long ago.
    """
    _enter(work)
    if work.session.scalar(select(EvaluationRun.id).where(EvaluationRun.finished_at.is_(None), EvaluationRun.replay)):
        return False
    due = select(Person.id).where(Person.next_check_on <= work.today).order_by(Person.next_check_on, Person.id)
    person_ids = list(work.session.scalars(due.limit(CHUNK).with_for_update(skip_locked=True)))
    if person_ids:
        evaluate(work, lock_people(work, person_ids))
    return len(person_ids) == CHUNK
