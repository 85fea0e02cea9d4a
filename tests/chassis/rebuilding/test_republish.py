"""Sending current state again, by the commands of a real service: killed, repeated, doubled, refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from typing import Any
from unittest import mock

import kombu
import pytest
from click.testing import CliRunner
from sqlalchemy import text
from sqlalchemy.orm import Session

from chassis.broker import topology
from chassis.broker.publisher import ConfirmedPublisher, Outgoing
from chassis.broker.wire import Wire
from chassis.ground import settings
from chassis.rebuilding import commands as rebuild_commands
from chassis.rebuilding import republish as republishing
from chassis.rebuilding.commands import check_queues
from chassis.rebuilding.republish import PAGE, Page
from chassis.store.dead_letters import commands as dead_letter_commands
from contracts.catalogue import EVENTS
from deploy.local.broker_users import permissions
from tests.chassis.conftest import at_once
from tests.chassis.ledger import sources
from tests.chassis.ledger.service import WRITTEN, join_catalogue
from tests.support.ledgers import Ledger
from tests.support.servers import Broker
from tests.support.waiting import until

QUEUE = topology.consumer_queue("ledger.on_entry_written")
REPUBLISH = ("republish", "entry", "--to", "ledger")


def started(ledger: Ledger, *arguments: str, **given: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.chassis.ledger", *arguments],
        env={**os.environ, **ledger.env},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **given,
    )


def in_a_process(ledger: Ledger, *arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of one command line of the ledger."""
    process = started(ledger, *arguments)
    printed, errors = process.communicate(timeout=90)
    return process.returncode, printed, errors


def command(ledger: Ledger, name: str, *arguments: str, given: str = "") -> tuple[int, str, str]:
    """As `in_a_process`, of one of the commands, called in this process."""
    with mock.patch.dict(os.environ, ledger.env), mock.patch.dict(EVENTS):
        join_catalogue()
        obj = {"package": "tests.chassis.ledger", "settings": settings.service_settings("ledger")}
        done = CliRunner().invoke(getattr(rebuild_commands, name), arguments, input=given, obj=obj)
    assert done.exception is None or isinstance(done.exception, SystemExit), "no traceback"
    return done.exit_code, done.stdout, done.stderr


def write_entries(ledger: Ledger, count: int) -> list[str]:
    ids = sorted(str(uuid.uuid4()) for _ in range(count))
    with ledger.engine.begin() as connection:
        rows = [{"id": one, "text": f"entry {one}"} for one in ids]
        connection.execute(text("insert into entries (id, text, client_id) values (:id, :text, 'c')"), rows)
    return ids


def sent(ledger: Ledger) -> list[Any]:
    return ledger.rows("select *, cast(body as jsonb) as event from outbox order by created_at, id")


class TestRepublish:
    def test_sends_each_subject_to_the_one_handler_as_a_replay(self, ledger: Ledger) -> None:
        ids = write_entries(ledger, 5)
        ledger.start()
        status, printed, _ = command(ledger, *REPUBLISH)
        assert (status, printed) == (0, "entry: 5 written for the relay to ledger.on_entry_written\n")
        until(lambda: ledger.count("select count(*) from hearings") == 5)
        assert {(row.event["subject"], row.version) for row in sent(ledger)} == {(one, 1) for one in ids}
        assert all(row.event["replay"] and row.only_for == QUEUE for row in sent(ledger))
        assert {row.event["time"] for row in sent(ledger)} == {sources.SINCE.isoformat()}
        assert ledger.count("select count(*) from history") == 0

    def test_sends_only_what_is_named_or_lies_after_an_id(self, ledger: Ledger) -> None:
        ids = write_entries(ledger, 6)
        assert command(ledger, *REPUBLISH, "--id", ids[4], "--id", ids[1])[0] == 0
        assert [row.subject_id for row in sent(ledger)] == [ids[1], ids[4]]
        assert command(ledger, *REPUBLISH, "--after", ids[3])[0] == 0
        assert [row.subject_id for row in sent(ledger)][2:] == ids[4:]

    def test_only_counts_in_a_dry_run(self, ledger: Ledger) -> None:
        write_entries(ledger, PAGE + 1)
        status, printed, _ = command(ledger, *REPUBLISH, "--dry-run")
        assert (status, printed) == (0, f"entry: {PAGE + 1} would be sent to ledger.on_entry_written\n")
        assert sent(ledger) == []

    def test_goes_on_after_it_was_killed_and_loses_nothing(self, ledger: Ledger) -> None:
        ids = write_entries(ledger, 5 * PAGE)
        process = started(ledger, *REPUBLISH)
        until(lambda: ledger.count("select count(*) from outbox") >= 3 * PAGE, seconds=30)
        assert process.poll() is None, "without a relay it waits, so that today's facts do not queue behind it"
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert ledger.count("select count(*) from outbox") == 3 * PAGE
        ledger.start()
        last = sent(ledger)[-1].subject_id
        assert command(ledger, *REPUBLISH, "--after", last)[0] == 0
        until(lambda: ledger.count("select count(*) from hearings") == len(ids), seconds=30)
        assert ledger.count("select count(distinct entry_id) from hearings") == len(ids)

    def test_twice_at_the_same_time_is_no_more_than_twice(self, ledger: Ledger) -> None:
        ids = write_entries(ledger, 700)
        ledger.start()
        answers = at_once(2, lambda number: in_a_process(ledger, *REPUBLISH))
        assert [status for status, _, _ in answers] == [0, 0]
        until(lambda: ledger.count("select count(*) from hearings") == 2 * len(ids), seconds=30)

    def test_writes_nothing_for_a_queue_that_is_not_there(self, ledger: Ledger) -> None:
        write_entries(ledger, 1)
        with kombu.Connection(ledger.amqp_uri) as connection:
            connection.channel().queue_delete(QUEUE)
        status, _, errors = command(ledger, *REPUBLISH)
        assert status == 1
        assert "topology apply" in errors
        assert sent(ledger) == [], "it would be held in the outbox"


class TestStateAndCompare:
    def test_find_every_difference_and_exit_with_it(self, ledger: Ledger) -> None:
        ids = write_entries(ledger, 4)
        stranger = str(uuid.uuid4())
        for entry_id in [*ids[1:], stranger]:
            with ledger.engine.begin() as connection:
                connection.execute(text("insert into hearings (entry_id) values (:id)"), {"id": entry_id})
        _, listing, _ = command(ledger, "state", "entry")
        status, printed, _ = command(ledger, "compare", "entry", "-", given=listing)
        assert status == 1
        assert f"missing    {ids[0]}" in printed
        assert f"extra      {stranger}" in printed
        assert "entry: 3 same, 1 missing, 1 extra, 0 older, 0 newer, 0 different" in printed
        status, printed, counts = command(ledger, "compare", "entry", "-", "--json", given=listing)
        assert {(one["kind"], one["subject_id"]) for one in map(json.loads, printed.splitlines())} == {
            ("missing", ids[0]),
            ("extra", stranger),
        }
        assert "3 same" in counts

    def test_say_when_all_is_the_same_and_when_a_listing_is_cut_off(self, ledger: Ledger) -> None:
        for entry_id in write_entries(ledger, PAGE + 10):
            with ledger.engine.begin() as connection:
                connection.execute(text("insert into hearings (entry_id) values (:id)"), {"id": entry_id})
        _, listing, _ = command(ledger, "state", "entry")
        assert command(ledger, "compare", "entry", "-", given=listing)[0] == 0
        cut_off = "".join(listing.splitlines(keepends=True)[:-1])
        status, _, errors = command(ledger, "compare", "entry", "-", given=cut_off)
        assert status == 2
        assert f"cut off after {PAGE + 10} lines" in " ".join(errors.split())


class TestWhatWasTyped:
    @pytest.mark.parametrize(
        ("group", "arguments", "why"),
        [
            (rebuild_commands.republish, ["entry", "--to", "perks"], "names no handler of perks"),
            (rebuild_commands.republish, ["nothing", "--to", "ledger"], "it has entry"),
            (rebuild_commands.republish, ["all", "--to", "ledger", "--id", "x"], "go with one subject"),
            (rebuild_commands.state, ["nothing"], "it has entry"),
            (rebuild_commands.compare, ["nothing", "-"], "it has entry"),
            (rebuild_commands.compare, ["entry", "-"], "no listing of entry"),
            (dead_letter_commands.dead, ["redrive"], "by id or by a filter"),
            (dead_letter_commands.dead, ["redrive", "--older", "soon"], "is no age"),
            (dead_letter_commands.dead, ["show", "no-uuid"], "not a valid UUID"),
        ],
    )
    def test_is_refused_with_the_reason(
        self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, group: Any, arguments: list[str], why: str
    ) -> None:
        for name, value in ledger.env.items():
            monkeypatch.setenv(name, value)
        obj = {"package": "tests.chassis.ledger", "settings": settings.service_settings("ledger")}
        done = CliRunner().invoke(group, arguments, obj=obj)
        assert done.exit_code in (1, 2)
        assert why in " ".join(done.output.split())
        assert isinstance(done.exception, SystemExit), "no traceback"
        assert sent(ledger) == []

    def test_cannot_let_a_service_answer_while_it_is_rebuilt(self, ledger: Ledger) -> None:
        status, _, errors = in_a_process(ledger, "--rebuilding", "--lanes", "rpc,events")
        assert status == 2
        assert "answers no requests" in " ".join(errors.split())
        assert "unknown lane nonsense" in in_a_process(ledger, "--lanes", "nonsense")[2]

    def test_as_an_id_is_refused_where_it_cannot_be_one(self, ledger: Ledger) -> None:
        status, _, errors = command(ledger, *REPUBLISH, "--id", "no-uuid")
        assert (status, "'no-uuid' is no UUID" in errors) == (2, True)


class TestPages:
    def test_read_everything_once_in_order_whatever_their_size(self, ledger: Ledger) -> None:
        ids = write_entries(ledger, 23)
        for limit in (1, 7, 23, 24):
            found: list[str] = []
            page = Page(limit=limit)
            with Session(ledger.engine) as session:
                while states := sources.entries(session, page):
                    found += [str(state.subject_id) for state in states]
                    page = Page(after=found[-1], limit=limit)
            assert found == ids

    def test_know_who_hears_of_a_subject(self) -> None:
        assert republishing.subscribers("talent", "organisation", "perks") == ["perks.on_organisation_changed"]
        assert republishing.subscribers("talent", "organisation_set", "perks") == [
            "perks.on_organisation_set_published"
        ]
        assert republishing.subscribers("talent", "affiliation", "talent") == []
        assert WRITTEN not in republishing.event_types("ledger", "entry"), "only the ledger's own processes know it"


@pytest.fixture
def restricted(broker: Broker, vhost: str) -> Iterator[str]:
    """The vhost for a user with talent's rights alone, as the platform gives them."""
    name = f"talent-{uuid.uuid4().hex[:8]}"
    broker.ask("PUT", f"/users/{name}", json.dumps({"password": "p", "tags": ""}).encode())
    where = vhost.rpartition("/")[2]
    broker.ask("PUT", f"/permissions/{where}/{name}", json.dumps(permissions("talent")).encode())
    yield f"amqp://{name}:p@{vhost.rpartition('@')[2]}"
    broker.ask("DELETE", f"/users/{name}")


class TestBrokerRights:
    def test_of_a_source_are_enough_to_see_and_reach_another_s_queue(self, restricted: str, vhost: str) -> None:
        wire = Wire(vhost, name="test", heartbeat=0)
        topology.declare_all(wire.connection.channel(), delays=[1.0])
        wire.close()
        check_queues(restricted, ["perks.on_affiliation_changed"])
        publisher = ConfirmedPublisher(restricted, name="test")
        queue = topology.consumer_queue("perks.on_affiliation_changed")
        assert publisher.publish([Outgoing(body="{}", exchange="", routing_key=queue, message_id="1")]) == set()
        publisher.close()
