"""Every announced event becomes one message, sent by every channel of its template: counted up to the mails that arrived.

Lives here: the counters of notify. The mails are those a real SMTP server took, whatever notify believes of them.
"""

from __future__ import annotations

from collections import Counter

from tests.resilience.chaos.count import Count

_CHANNELS = (
    "select m.id::text || ' by ' || channel as id, 1 as times from messages m"
    " join templates t on t.key = m.template_key and t.version = m.template_version,"
    " jsonb_array_elements_text(t.channels) channel"
)
_DELIVERIES = "select message_id::text || ' by ' || channel as id, count(*) as times from deliveries group by 1"
_ANNOUNCED = "select id::text, subject_id, version from outbox where type = any(:types)"
_MAILS = "select id::text, state, reason from deliveries where channel = 'email'"


def count_messages(count: Count) -> None:
    """In notify: every event with a template has one message, but for one that a fault delayed until a newer version of its
    subject was announced: it was received, and made none.
    """
    types = [row.event_type for row in count.rows("notify", "select event_type from templates where is_current")]
    announced = [row for service in ("perks", "events") for row in count.rows(service, _ANNOUNCED, types=types)]
    found = count.times("notify", "select event_id::text as id, count(*) as times from messages group by 1")
    newest = count.times("notify", "select subject_id as id, max(subject_version) as times from messages group by 1")
    received = count.times("notify", "select message_id::text as id, count(*) as times from inbox group by 1")
    expected = {
        row.id: 1
        for row in announced
        if row.id in found or row.id not in received or row.version >= newest.get(row.subject_id, 0)
    }
    count.compare("message of event", expected, found)


def count_deliveries(count: Count) -> None:
    """Every message has one delivery by each channel of its template."""
    count.compare("delivery of message", count.times("notify", _CHANNELS), count.times("notify", _DELIVERIES))


def count_mails(count: Count) -> None:
    """Every delivered mail arrived once, and of no other delivery did one arrive. Where the outcome is unknown, the mail arrived
    or did not, and was never sent again. Only people without an address get none.
    """
    arrived = arrived_mails(count)
    expected: dict[str, int] = {}
    for row in count.rows("notify", _MAILS):
        if row.state == "delivered":
            expected[row.id] = 1
        elif row.state == "outcome_unknown":
            expected[row.id] = min(arrived.get(row.id, 0), 1)
        elif row.state == "failed" or (row.state == "suppressed" and row.reason != "no_address"):
            count.lost.append(f"mail of delivery {row.id}: {row.state}, {row.reason}")
    count.compare("mail of delivery", expected, arrived)


def arrived_mails(count: Count) -> dict[str, int]:
    """Delivery → how many mails with its Message-ID the SMTP server took."""
    return dict(Counter(mail.message_id.strip("<>").partition("@")[0] for mail in list(count.town.mails.mails)))


def in_words(count: Count) -> str:
    """How many mails arrived, and how many deliveries have an unknown outcome."""
    unknown = count.rows("notify", f"select count(*) from ({_MAILS} and state = 'outcome_unknown') unknown")[0][0]
    return f"{sum(arrived_mails(count).values())} mails arrived, {unknown} of unknown outcome"
