"""Redemptions (核销): one scan at a gate, answered once and kept as a fact, admitted or refused.

Lives here: the scan from token to answer, in one short transaction. Not here: who reads it afterwards (``redemptions.reading``).
The law is in ``redemptions.rules``; that a pass admits no more often than its scheme allows is held by the unique index on the
slot. A device scans at the places it is bound to, another caller at those that trust its department. A scan that is no scan of
this city's pass there (forged, expired, a foreign place) is refused without leaving a fact. Source: report, P35: 免首道门票, the
first gate only.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, select, text

from chassis.ground import clock
from chassis.ground.ids import uuid7
from chassis.store import records
from chassis.store.work import Caller, Work
from contracts.language.refusals import Refusal
from contracts.scans import ScanTimes
from services.perks import copies, entitlements
from services.perks.entitlements import EntitlementNotFound, evaluation
from services.perks.passes import PassClaims, PassExpired, PassKeys
from services.perks.redemptions import figures
from services.perks.redemptions import rules as law
from services.perks.redemptions.rules import REASONS
from services.perks.redemptions.tables import Redemption

TABLE: Table = Redemption.__table__  # type: ignore[assignment]


class NonceReused(Refusal):
    """The nonce stands for another scan."""

    kind = "conflict"
    code = "perks.nonce_reused"
    zh = "该扫码流水号已用于另一次核销，请为每次扫码生成新的流水号。"
    en = "This nonce was used for a different scan. Make a new one for each scan."


class PlaceNotKnown(Refusal):
    """perks has not received this place (yet)."""

    kind = "not_found"
    code = "perks.place_not_known"
    zh = "未找到该场所。"
    en = "There is no such place."


class NotYourPlace(Refusal):
    """The device is not bound to the place, or the place does not trust the department. The pass is not used."""

    kind = "forbidden"
    code = "perks.not_your_place"
    zh = "只能在设备所绑定的场所，或信任本部门的场所核销。"
    en = "Passes are redeemed at the places a device is bound to, or that trust the department."


class ScanBeforePass(Refusal):
    """The scan says it was made before there was anything to scan. The pass is not used."""

    kind = "unprocessable"
    code = "perks.scan_before_pass"
    zh = "扫码时间早于凭证签发或权益生效的时间。"
    en = "The scan would be earlier than the pass, or than the entitlement it stands for."


class ScanTimeImplausible(Refusal):
    """The scan is from the future, or too old to be sent."""

    kind = "unprocessable"
    code = "perks.scan_time_implausible"
    zh = "扫码时间不合理：不能晚于现在，也不能早于 {days} 天前。"
    en = "The time of the scan is not plausible: it may not lie ahead, nor more than {days} days back."


@dataclass(frozen=True)
class Scan:
    """What a gate sent, its pass verified."""

    claims: PassClaims
    place_id: UUID
    nonce: str
    at: dt.datetime

    @property
    def day(self) -> dt.date:
        """The day in Shanghai it was made on."""
        return clock.shanghai_day(self.at)


# All a scan depends on, in one statement: the entitlement (the one it is merged into, where it is) and its scheme, whether the
# place is known, whether the holder's facts hold on the day, whether the place serves their institution on it, and whether a
# validity date of the holder has passed since the last evaluation (then the entitlement's state is stale).
_FACTS = text(
    f"""
    with standing as materialized (
        select e.id, e.person_id, e.scheme_key, e.state, named.granted_at from entitlements named
        join entitlements e on e.id = coalesce(named.merged_into, named.id) where named.id = :entitlement_id
    ),
    fitting as materialized (
        select a.organisation_id from standing e
        cross join lateral ({copies.ONE_PERSON.format(person="e.person_id")}) as one (id)
        join affiliations a on a.person_id = one.id
        where a.state in ('confirmed', 'ended') and a.from_on <= :day
          and ((a.until_on is null and a.state = 'confirmed') or :day < a.until_on)
    )
    select e.id, e.person_id, e.scheme_key, e.state, e.granted_at, coalesce(h.next_check_on <= :day, false) as is_stale,
        s.limit_count, s.limit_per, s.limit_window,
        s.valid_from <= :day and (s.valid_until is null or :day < s.valid_until) as scheme_holds,
        exists (select from organisations o where o.id = :place_id) as place_known,
        exists (select from fitting) as facts_hold,
        exists (
            select from scheme_relations r
            join set_members p on p.key = r.place_set and p.organisation_id = :place_id
            join set_members i on i.key = r.institution_set
            join fitting f on f.organisation_id = i.organisation_id
            where r.key = s.key and r.version = s.version
              and r.from_on <= :day and (r.until_on is null or :day < r.until_on)
              and p.from_on <= :day and (p.until_on is null or :day < p.until_on)
              and i.from_on <= :day and (i.until_on is null or :day < i.until_on)
        ) as place_serves
    from standing e join schemes s on s.key = e.scheme_key and s.is_current left join people h on h.id = e.person_id
    """
)
_COLUMNS = """
    id, client_id, nonce, pass_digest, entitlement_id, scheme_key, place_id, at, scope, "window", slot, outcome, code,
    holder, department, created_at, merged_from
"""
# The first free slot. A rival's uncommitted row makes the insert wait; if the rival commits, nothing is inserted, and the
# answer tells a lost race (a slot was free) from a used-up limit.
_ADMIT = text(
    f"""
    with free as (select slot from generate_series(0, :limit_count - 1) every (slot)
    where not exists (select from redemptions r where r.entitlement_id = :entitlement_id and r.scope = :scope
    and r."window" = :window and r.slot = every.slot) order by slot limit 1),
    taken as (insert into redemptions ({_COLUMNS})
    select :id, :client_id, :nonce, :pass_digest, :entitlement_id, :scheme_key, :place_id, :at, :scope, :window, slot,
    'admitted', null, :holder, :department, :created_at, :merged_from from free on conflict do nothing returning id)
    select exists (select from free) as was_free, exists (select from taken) as is_taken
    """
)
_REFUSE = text(
    f"""
    insert into redemptions ({_COLUMNS}) values (:id, :client_id, :nonce, :pass_digest, :entitlement_id, :scheme_key,
    :place_id, :at, :scope, :window, null, 'refused', :code, :holder, :department, :created_at, :merged_from)
    on conflict do nothing returning id
    """
)


def redeem_pass(
    work: Work,
    *,
    keys: PassKeys,
    scan_times: ScanTimes,
    token: str,
    place_id: UUID,
    nonce: str,
    at: dt.datetime | None = None,
    is_trusted: bool | None = None,
) -> dict[str, Any]:
    """Answer a scan: admitted, or refused with a reason. The same nonce of the same client gets the same answer.

    `at` is when an offline scanner read the pass, `is_trusted` whether the place trusts the department of a caller that is no
    device. Raises NotYourPlace, PassUnreadable, PassExpired, EntitlementNotFound, PlaceNotKnown, ScanTimeImplausible,
    ScanBeforePass, NonceReused.
    """
    if not _is_place_of(work.caller, place_id, is_trusted):
        raise NotYourPlace()
    scan = Scan(keys.read(token), place_id, nonce, at or work.now)
    try:
        facts = _read_facts(work, scan, scan_times)
    except (ScanTimeImplausible, ScanBeforePass, PassExpired, EntitlementNotFound, PlaceNotKnown):
        # sent again after its time: what was answered then still is the answer
        if (earlier := _earlier(work, scan)) is not None:
            return earlier
        raise
    row = _row(work, scan, facts)
    code = law.refusal_of(_current(work, scan, facts))
    if code is None and _admit(work, scan, row, facts.limit_count):
        _record_and_announce(work, row)
        return _answered(row)
    if (earlier := _earlier(work, scan)) is not None:
        return earlier
    row |= {"outcome": "refused", "code": code or "perks.limit_reached"}
    if work.session.connection().execute(_REFUSE, row).scalar() is None:
        return _earlier(work, scan) or _answered(row)  # the same nonce came twice at once
    work.record("redemption", row["id"], from_state=None, to_state="refused", reason=row["code"])
    return _answered(row)


def _is_place_of(caller: Caller, place_id: UUID, is_trusted: bool | None) -> bool:
    """A device's by what it is bound to, another caller's by whom the place trusts."""
    if caller.client_type == "device":
        return str(place_id) in caller.bound_to
    if is_trusted is None:
        return not caller.scopes  # a gateway of version 0.1, still running during an upgrade, says neither
    return is_trusted


def _read_facts(work: Work, scan: Scan, scan_times: ScanTimes) -> Row[Any]:
    if not scan_times.allow(scan.at, now=work.now):
        raise ScanTimeImplausible(days=scan_times.kept.days)
    if scan.claims.expires_at <= scan.at:
        raise PassExpired()
    if not scan_times.may_follow(scan.claims.issued_at, scan.at):
        raise ScanBeforePass()
    keys = {"entitlement_id": scan.claims.entitlement_id, "place_id": scan.place_id, "day": scan.day}
    facts = records.found_row(work, _FACTS, EntitlementNotFound, keys)
    if not facts.place_known:
        raise PlaceNotKnown()
    if not scan_times.may_follow(facts.granted_at, scan.at):
        raise ScanBeforePass()
    return facts


def _current(work: Work, scan: Scan, facts: Row[Any]) -> law.ScanFacts:
    """The facts the law decides by. Where a date has passed since the last evaluation, the clauses are evaluated again."""
    state, facts_hold = facts.state, facts.facts_hold
    if facts.is_stale:
        state = entitlements.ACTIVE
        facts_hold = evaluation.is_entitled_on(
            work, person_id=facts.person_id, scheme_key=facts.scheme_key, day=scan.day
        )
    return law.ScanFacts(state, facts.scheme_holds, facts_hold, facts.place_serves)


def _row(work: Work, scan: Scan, facts: Row[Any]) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "client_id": work.caller.client_id,
        "nonce": scan.nonce,
        "pass_digest": scan.claims.digest,
        "entitlement_id": facts.id,
        "merged_from": scan.claims.entitlement_id if scan.claims.entitlement_id != facts.id else None,
        "scheme_key": scan.claims.scheme_key,
        "place_id": scan.place_id,
        "at": scan.at,
        "scope": law.scope_of(facts.limit_per, str(scan.place_id)),
        "window": law.window_of(facts.limit_window, scan.day),
        "outcome": "admitted",
        "code": None,
        "holder": scan.claims.holder,
        "department": work.caller.department,
        "created_at": work.now,
    }


def _admit(work: Work, scan: Scan, row: dict[str, Any], limit_count: int) -> bool:
    """Take a free slot. With several, a rival may take the one aimed at; each loss is a slot gone, so it ends."""
    while True:
        tried = work.session.connection().execute(_ADMIT, row | {"limit_count": limit_count}).one()
        if tried.is_taken:
            return True
        if limit_count == 1 or not tried.was_free or _earlier(work, scan) is not None:
            return False


def _earlier(work: Work, scan: Scan) -> dict[str, Any] | None:
    """The answer this nonce already got. Raises NonceReused if it was for another pass or place."""
    statement = select(TABLE).where(TABLE.c.client_id == work.caller.client_id, TABLE.c.nonce == scan.nonce)
    found = work.session.connection().execute(statement).mappings().one_or_none()
    if found is None:
        return None
    if bytes(found["pass_digest"]) != scan.claims.digest or found["place_id"] != scan.place_id:
        raise NonceReused()
    return _answered(dict(found), replayed=True)


def _record_and_announce(work: Work, row: dict[str, Any]) -> None:
    work.record("redemption", row["id"], from_state=None, to_state="admitted")
    work.announce(
        "perks.pass.redeemed.v1",
        subject_id=row["id"],
        version=1,
        data={
            "redemption_id": str(row["id"]),
            "entitlement_id": str(row["entitlement_id"]),
            "scheme_key": row["scheme_key"],
            "place_id": str(row["place_id"]),
            "at": row["at"].isoformat(),
        },
    )


def _answered(row: dict[str, Any], *, replayed: bool = False) -> dict[str, Any]:
    """What the scan itself is answered: the record, and whether it was sent before."""
    return as_answer(row) | {"replayed": replayed}


def as_answer(row: dict[str, Any]) -> dict[str, Any]:
    """A row as it is answered, with the words of its refusal."""
    return row | {"reason": REASONS.get(row["code"]) if row["code"] else None}


COUNTERS = figures.COUNTERS
