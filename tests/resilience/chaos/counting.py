"""What was acknowledged to clients against what is there.

Lives here: reading effects (records, entitlements, redemptions, received entries) straight from the databases, never inbox
rows. A further service joins with a function of a ``Count`` and a line in COUNTERS.
"""

from __future__ import annotations

from collections import Counter

from tests.resilience.chaos.acknowledged import Acknowledged
from tests.resilience.chaos.activities import count_registrations
from tests.resilience.chaos.count import Count
from tests.resilience.chaos.ledgers import Ledger
from tests.resilience.chaos.messages import count_deliveries, count_mails, count_messages
from tests.resilience.chaos.town import Town


def count_people_and_affiliations(count: Count) -> None:
    """In talent: a person per document, every affiliation once and in its acknowledged state, one step of history and one event
    for each change, one verdict for each row of an import.
    """
    acknowledged = count.acknowledged
    people = count.rows("talent", "select count(*) from people")[0][0]
    count.compare("people", {"in all": len(acknowledged.documents)}, {"in all": people})
    found = {row.id: row.state for row in count.rows("talent", "select id::text, state from affiliations")}
    count.compare("affiliation", dict.fromkeys(acknowledged.affiliations, 1), dict.fromkeys(found, 1))
    for affiliation, state in found.items():
        expected = "ended" if affiliation in acknowledged.ended else "confirmed"
        if state != expected:
            count.lost.append(f"affiliation {affiliation}: acknowledged as {expected}, is {state}")
    changes = {affiliation: 2 if affiliation in acknowledged.ended else 1 for affiliation in acknowledged.affiliations}
    count.compare("steps of affiliation", changes, count.steps("talent", "affiliation"))
    count.compare("events of affiliation", changes, count.events("talent", "talent.affiliation.%"))
    verdicts = "select import_id::text as id, count(*) as times from import_rows group by 1"
    count.compare("rows of import", acknowledged.imports, count.times("talent", verdicts))


def count_entitlements(count: Count) -> None:
    """In perks: its copy says what talent's records say; who is enrolled holds one active entitlement, who is not holds
    none, and every step of an entitlement follows from the one before and has one event.
    """
    query = "select id::text, person_id::text, version, state from affiliations"
    records = {row.id: row for row in count.rows("talent", query)}
    copies = {row.id: row for row in count.rows("perks", query)}
    count.compare("perks' copy of affiliation", dict.fromkeys(records, 1), dict.fromkeys(copies, 1))
    for key in records.keys() & copies.keys():
        if tuple(records[key]) != tuple(copies[key]):
            count.lost.append(f"perks' copy of affiliation {key}: {copies[key].state}, is {records[key].state}")
    enrolled = {row.person_id for row in records.values() if row.id not in count.acknowledged.ended}
    held = count.rows("perks", "select id::text, person_id::text, state from entitlements")
    active = Counter(row.person_id for row in held if row.state == "active")
    count.compare("active entitlements of person", dict.fromkeys(enrolled, 1), dict(active))
    steps = count.steps("perks", "entitlement")
    count.compare("events of entitlement", steps, count.events("perks", "perks.entitlement.%"))
    last = {row.id: row.state for row in count.rows("perks", _LAST_STATE)}
    count.lost += [f"last step of entitlement {row.id}" for row in held if last.get(row.id) != row.state]
    count.twice += [f"step of entitlement {row.subject_id}" for row in count.rows("perks", _BROKEN_STEPS)]


def count_redemptions(count: Count) -> None:
    """In perks: each acknowledged scan is one redemption with the acknowledged outcome, no two share a person's day at a place,
    and each has one step of history; each admission one event.
    """
    query = "select nonce, id::text, coalesce(code, outcome) as outcome from redemptions"
    found = count.rows("perks", query)
    expected = Counter(f"{nonce} {outcome}" for nonce, outcome in count.acknowledged.scans.items())
    count.compare("redemption", dict(expected), dict(Counter(f"{row.nonce} {row.outcome}" for row in found)))
    windows = (
        "select entitlement_id::text || ' ' || place_id::text || ' ' || \"window\" as id, count(*) as times"
        " from redemptions where outcome = 'admitted' group by 1"
    )
    admitted = count.times("perks", windows)
    count.compare("admissions of", dict.fromkeys(admitted, 1), admitted)
    every = {row.id: 1 for row in found}
    count.compare("steps of redemption", every, count.steps("perks", "redemption"))
    redeemed = {row.id: 1 for row in found if row.outcome == "admitted"}
    count.compare("events of redemption", redeemed, count.events("perks", "perks.pass.redeemed.v1"))


_LAST_STATE = (
    "select distinct on (subject_id) subject_id as id, to_state as state from history where subject = 'entitlement'"
    " order by subject_id, history.id desc"
)
_BROKEN_STEPS = (
    "select subject_id from (select subject_id, from_state, lag(to_state) over (partition by subject_id order by id)"
    " as before from history where subject = 'entitlement') steps where from_state is distinct from before"
)


def count_entries(count: Count, ledger: Ledger) -> None:
    """In a ledger: every acknowledged entry was received once, and no other entry was received."""
    acknowledged = count.acknowledged.entries.get(ledger.name, set())
    count.compare(f"{ledger.name} received", dict.fromkeys(acknowledged, 1), ledger.received())


def count_waiting(count: Count, *, but: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    """Whatever is still on its way: unpublished events, dead letters, imports and evaluations, messages in queues.

    `but` names owners of databases that are left out.
    """
    servers = count.town.servers
    for owner, url in count.town.databases().items():
        if owner in but:
            continue
        for what, table, waiting in _WAITING:
            if servers.rows(url, "select to_regclass(:table) is not null", table=table)[0][0]:
                number = servers.rows(url, f"select count(*) from {table} where {waiting}")[0][0]
                count.stuck += [f"{owner}: {what}"] * number
    vhosts = {"the platform": servers.amqp_uri}
    vhosts |= {ledger.name: ledger.amqp_uri for ledger in count.town.ledgers if ledger.name not in but}
    for owner, uri in vhosts.items():
        for queue, length in servers.queue_lengths(uri).items():
            count.stuck += [f"{owner}: a message in {queue}"] * length


_WAITING = (
    ("an event not published", "outbox", "position is null"),
    ("a dead letter", "dead_letters", "redriven_at is null"),
    ("an import", "imports", "state not in ('done', 'rejected', 'failed')"),
    ("an evaluation", "evaluation_runs", "finished_at is null"),
    ("a delivery", "deliveries", "state in ('due', 'sending', 'calling')"),
)

COUNTERS = (
    count_people_and_affiliations,
    count_entitlements,
    count_redemptions,
    count_registrations,
    count_messages,
    count_deliveries,
    count_mails,
)


def count_effects(town: Town, acknowledged: Acknowledged, proof: Ledger) -> Count:
    """Everything the platform and the ledger on the chassis as it is have to show for what was acknowledged."""
    count = Count(town, acknowledged, stuck=list(acknowledged.stuck))
    for counter in COUNTERS:
        counter(count)
    count_entries(count, proof)
    return count
