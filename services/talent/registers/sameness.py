"""Same as (视为同一条): a person says that two entries are one; both ids answer, lists and figures count one. It can be undone.

An entry is the same as one that is none itself, and to which others may be the same: so there is one step from any entry to the
one that counts. Both rows are locked in the order in which reports lock them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select, update

from chassis.store.work import Work
from contracts.language.refusals import Refusal
from services.talent.registers import statements as rows
from services.talent.registers.reading import NotAReporter, RegisterEntryNotFound, get_register_entry
from services.talent.registers.reports import CHANGED
from services.talent.registers.statements import Entry
from services.talent.registers.stored_kinds import kept_still
from services.talent.registers.tables import RegisterEntry


class EntriesNotComparable(Refusal):
    """An entry is not the same as itself, nor as one of another kind."""

    kind = "invalid"
    code = "talent.entries_not_comparable"
    zh = "只能指向同一台账中的另一条记录。"
    en = "Name another entry of the same register."


class EntryIsSecond(Refusal):
    """One of the two is the same as a third already."""

    kind = "conflict"
    code = "talent.entry_is_second"
    zh = "记录 {entry_id} 已视为与 {same_as} 相同；请指向后者，或先撤销。"
    en = "Entry {entry_id} is the same as {same_as} already. Name that one, or undo it first."


class EntryHasSeconds(Refusal):
    """Others are the same as this entry."""

    kind = "conflict"
    code = "talent.entry_has_seconds"
    zh = "已有其他记录视为与本条相同；请先撤销，或反向指定。"
    en = "Other entries are the same as this one. Undo that first, or mark the other entry instead."


def mark_same_entry(work: Work, *, entry_id: UUID, same_as: UUID) -> dict[str, Any]:
    """`entry_id` is a second record of `same_as`; marking twice is the same answer.

    Raises RegisterEntryNotFound, NotAReporter, EntriesNotComparable, EntryIsSecond, EntryHasSeconds.
    """
    entry, target = _locked(work, entry_id, same_as)
    if entry.id == target.id or entry.kind_key != target.kind_key:
        raise EntriesNotComparable()
    if entry.same_as == same_as:
        return get_register_entry(work, entry_id=entry_id)
    for one in (entry, target):
        if one.same_as is not None:
            raise EntryIsSecond(entry_id=str(one.id), same_as=str(one.same_as))
    if work.session.scalar(select(exists().where(RegisterEntry.same_as == entry_id))):
        raise EntryHasSeconds()
    _write(work, entry, same_as)
    return get_register_entry(work, entry_id=entry_id)


def unmark_same_entry(work: Work, *, entry_id: UUID) -> dict[str, Any]:
    """The entry stands for itself again; doing so twice is the same answer. Raises RegisterEntryNotFound, NotAReporter."""
    (entry,) = _locked(work, entry_id)
    if entry.same_as is not None:
        _write(work, entry, None)
    return get_register_entry(work, entry_id=entry_id)


def _locked(work: Work, *ids: UUID) -> list[Entry]:
    """The entries of these ids, their kinds kept still. Any reporter of the kind may say so; to others an entry with persons
    does not exist.
    """
    columns = select(RegisterEntry.id, RegisterEntry.kind_key).where(RegisterEntry.id.in_(ids))
    kind_of = {row.id: row.kind_key for row in work.session.execute(columns)}
    if not set(ids) <= kind_of.keys():
        raise RegisterEntryNotFound()
    kinds = kept_still(work, set(kind_of.values()))
    for entry_id in ids:
        if work.caller.department not in kinds[kind_of[entry_id]].reporters:
            get_register_entry(work, entry_id=entry_id)
            raise NotAReporter()
    found = rows.lock_ids(work, ids)
    return [found[entry_id] for entry_id in ids]


def _write(work: Work, before: Entry, same_as: UUID | None) -> None:
    after = replace(before, same_as=same_as, version=before.version + 1)
    values = {"same_as": same_as, "version": after.version, "updated_at": work.now}
    work.session.execute(update(RegisterEntry).where(RegisterEntry.id == before.id).values(values))
    reason = f"same as {same_as}" if same_as else f"no longer the same as {before.same_as}"
    rows.record_step(work, after, before=before, reason=reason)
    rows.announce(work, CHANGED, after)
