"""From a classic request queue to a quorum one, as docs/cluster.md has it: never in place, and nothing is lost by it."""

from __future__ import annotations

import uuid

from chassis.broker.wire import Wire
from chassis.rpc.calls import rpc_queue
from chassis.rpc.client import ServiceUnavailable
from tests.cluster.conftest import Site
from tests.support.ledgers import Ledger
from tests.support.waiting import until

#: Not set up as it must be (see chassis.process.runner, which is not for a test to import: it patches the standard library).
EXIT_CONFIGURATION = 78
REQUESTS = rpc_queue("ledger")


class TestAClassicRequestQueue:
    def test_is_deleted_and_made_anew_and_is_never_changed_in_place(self, site: Site, ledger: Ledger) -> None:
        key = uuid.uuid4().hex
        before = ledger.start(lanes="rpc")
        written = ledger.call("write_entry", {"text": "before"}, key=key)
        assert site.queue(REQUESTS)["type"] == "classic"
        assert ledger.start(lanes="rpc", wait=False, QUORUM_REQUESTS="1").wait(30) == EXIT_CONFIGURATION
        before.terminate()
        before.wait(30)
        until(lambda: is_refused(ledger))
        delete(ledger.amqp_uri, REQUESTS)
        ledger.start(lanes="rpc", QUORUM_REQUESTS="1")
        until(lambda: not is_refused(ledger))
        assert dict(ledger.call("write_entry", {"text": "before"}, key=key)) == dict(written)
        assert ledger.count("select count(*) from entries") == 1
        assert (site.queue(REQUESTS)["type"], len(site.queue(REQUESTS)["members"])) == ("quorum", 3)


def is_refused(ledger: Ledger) -> bool:
    try:
        ledger.call("echo", {"text": "x"})
    except ServiceUnavailable:
        return True
    return False


def delete(amqp_uri: str, queue: str) -> None:
    """As ``rabbitmqctl delete_queue`` does."""
    wire = Wire(amqp_uri, name="test.delete", heartbeat=0)
    wire.connection.channel().queue_delete(queue)
    wire.close()
