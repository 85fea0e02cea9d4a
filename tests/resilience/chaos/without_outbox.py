"""A control: the ledger as most nameko services are written, commit and then dispatch with nameko's own publisher, which
confirms and retries. ``python -m`` this module.
"""

from chassis.process.commands import main  # isort: skip  (first: it patches the standard library)

import os
from typing import Any

from nameko.amqp.publish import Publisher
from sqlalchemy import event

from chassis.broker import topology
from chassis.broker.wire import user_of
from chassis.store import work
from tests.chassis.ledger.service import join_catalogue

PUBLISHER = Publisher(os.environ["AMQP_URI"])


def _write_out(self: work.Work) -> bool:
    announced, self._events = self._events, []
    _keep_history(self)
    if announced:
        event.listen(self.session, "after_commit", lambda session: _dispatch(announced), once=True)
    return False


def _dispatch(announced: list[dict[str, Any]]) -> None:
    for row in announced:
        exchange = topology.events_exchange("ledger")
        PUBLISHER.publish(
            row["body"],
            exchange=exchange,
            routing_key=row["type"],
            serializer=None,
            content_type="application/json",
            content_encoding="utf-8",
            user_id=user_of(os.environ["AMQP_URI"]),
        )


_keep_history = work.Work.write_out
work.Work.write_out = _write_out  # type: ignore[method-assign]
join_catalogue()
main("tests.chassis.ledger")
