"""Redemptions that go with a merge: what counted for one entitlement counts for another, and comes back when it is undone.

Lives here: moving them. Not here: which entitlement is merged into which (``entitlements.merging``), scans.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from chassis.store.work import Work

# An admission takes the next free slot of its window, so it counts there even where its own slot is used; more than the
# scheme allows may come together, and then no scan is admitted any more. A refused scan has no slot and takes none.
_MOVE = """
    with moving as (
        select r.id, r.scope, r."window", case when r.slot is not null then row_number() over (
            partition by r.scope, r."window", r.slot is null order by r.slot
        ) end as number
        from redemptions r where r.entitlement_id = :source {only}
    ),
    windows as (select scope, "window", count(number) as count from moving group by scope, "window"),
    held as (
        select r.scope, r."window", r.slot from redemptions r join windows w using (scope, "window")
        where r.entitlement_id = :target and r.slot is not null
    ),
    free as (
        select w.scope, w."window", every.slot, row_number() over (
            partition by w.scope, w."window" order by every.slot
        ) as number
        from windows w cross join lateral generate_series(0, w.count - 1 + (
            select count(*) from held h where h.scope = w.scope and h."window" = w."window"
        )) as every (slot)
        where not exists (
            select from held h where h.scope = w.scope and h."window" = w."window" and h.slot = every.slot
        )
    )
    update redemptions r set entitlement_id = :target, slot = free.slot, merged_from = {merged_from}
    from moving left join free using (scope, "window", number) where r.id = moving.id
"""
_THERE = text(f"""{_MOVE.format(only="", merged_from="coalesce(r.merged_from, :source)")}""")
_BACK = text(f"""{_MOVE.format(only="and r.merged_from = :target", merged_from="null")}""")


def move(work: Work, merged: Sequence[tuple[UUID, UUID]]) -> None:
    """The redemptions of the first of each pair count for the second from now on, and remember from where they came."""
    for source, target in merged:
        work.session.connection().execute(_THERE, {"source": source, "target": target})


def give_back(work: Work, parted: Sequence[tuple[UUID, UUID]]) -> None:
    """From the first of each pair the second gets back what came from it, the scans of its pass made meanwhile too."""
    for source, target in parted:
        work.session.connection().execute(_BACK, {"source": source, "target": target})
