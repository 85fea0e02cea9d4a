"""A control: the ledger with an inbox that takes every delivery for a first one. ``python -m`` this module."""

from chassis.process.commands import main  # isort: skip  (first: it patches the standard library)

from chassis.store import inbox
from tests.chassis.ledger.service import join_catalogue


def _claim_all(session, consumer, message_ids):  # type: ignore[no-untyped-def]
    return set(message_ids)


inbox.claim = _claim_all
join_catalogue()
main("tests.chassis.ledger")
