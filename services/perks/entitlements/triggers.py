"""What makes evaluations necessary: facts that arrive from talent, taken over in an order that leaves no person out.

Lives here: the order of locks, copies and evaluations. Not here: the copies themselves, and how evaluations run
(``evaluation``).
"""

from __future__ import annotations

from collections.abc import Sequence

from chassis.store.work import Work
from contracts.language.envelope import Event
from services.perks import copies
from services.perks.entitlements import evaluation, merging


def organisations_changed(work: Work, events: Sequence[Event]) -> None:
    """Take organisations over; when a kind that matters changed, everybody is evaluated later."""
    evaluation.block_evaluations(work)
    if copies.apply_organisations(work, events):
        evaluation.evaluate_all_later(work, "organisations")


def sets_published(work: Work, events: Sequence[Event]) -> None:
    """Take sets over; for each that changed, everybody is evaluated later."""
    for key in copies.apply_sets(work.session, events):
        evaluation.evaluate_all_later(work, f"set {key}")


def affiliations_changed(work: Work, events: Sequence[Event]) -> None:
    """Take affiliations over and evaluate their people, who are locked before."""
    people = evaluation.lock_people(work, copies.people_of(events))
    copies.affiliations.apply(work, events)
    evaluation.evaluate_changed(work, people)


def facts_changed(work: Work, events: Sequence[Event]) -> None:
    """Take facts over and evaluate their people, who are locked before."""
    people = evaluation.lock_people(work, copies.people_of(events))
    copies.facts.apply(work, events)
    evaluation.evaluate_changed(work, people)


def people_registered(work: Work, events: Sequence[Event]) -> None:
    """Take months of birth over; only where a scheme goes by age are their people locked and evaluated.

    Who publishes such a scheme waits until this is over, and the run that follows comes to everybody whose month is known.
    """
    goes_by_age = evaluation.goes_by_age(work)
    people = evaluation.lock_people(work, copies.people_of(events)) if goes_by_age else []
    copies.born_months.apply(work, events)
    if goes_by_age:
        evaluation.evaluate_changed(work, people)


def people_merged(work: Work, events: Sequence[Event]) -> None:
    """Take over who is merged into whom, let entitlements follow, and evaluate everybody concerned.

    Merges are rare, so evaluations wait: none of them sees a link change.
    """
    evaluation.block_evaluations(work)
    people = set(copies.people_of(events))
    people |= set(copies.links_of(work.session, people).values())  # whom they were merged into until now
    copies.merged_people.apply(work, events)
    concerned = evaluation.lock_people(work, merging.follow_links(work, people))
    evaluation.evaluate_changed(work, concerned)
