"""The listener departments copy from takes an event in once, and the newest version of a subject stays."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from kombu import Connection

from chassis.broker import topology
from examples.listening import Listener, queue_of

TYPE = "talent.affiliation.ended.v1"


def event(number: int, *, version: int) -> dict[str, Any]:
    return {"id": f"event-{number}", "type": TYPE, "subject": "a", "sequence": version, "data": {"version": version}}


def test_an_event_that_comes_twice_is_taken_in_once_and_an_older_one_changes_nothing(
    vhost: str, tmp_path: Path, capsys: Any
) -> None:
    heard = str(tmp_path / "heard.db")
    with Connection(vhost) as connection:
        topology.declare_sources(connection.default_channel, ["talent"])
        made = {"durable": True, "auto_delete": False, "arguments": {"x-queue-type": "quorum"}}
        connection.default_channel.queue_declare("education.inbox", **made)
        queue = queue_of("education.inbox", (TYPE,))
        queue(connection.default_channel).declare()
        producer = connection.Producer()
        for one in (event(2, version=2), event(2, version=2), event(1, version=1)):
            producer.publish(one, exchange="talent.events", routing_key=TYPE)
        Listener(connection, queue, heard, count=3).run()
    assert [line.endswith("again") for line in capsys.readouterr().out.splitlines()] == [False, True, False]
    with sqlite3.connect(heard) as database:
        assert database.execute("select sequence, data from subjects").fetchall() == [(2, json.dumps({"version": 2}))]
    with Connection(vhost) as connection:
        assert queue(connection.default_channel).queue_declare(passive=True).message_count == 0
