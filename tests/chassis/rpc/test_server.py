"""Requests over the real broker to a real process: what is answered, refused, dropped, and when."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import uuid
from typing import Any

import amqp
import kombu
import pytest

from chassis.rpc.calls import REPLY_TO
from chassis.rpc.client import RemoteFailure, RpcTimeout, ServiceUnavailable
from chassis.rpc.server import CallerNotTrusted
from contracts.language.refusals import Refusal
from tests.support.ledgers import Ledger
from tests.support.waiting import until


def new_key() -> str:
    return uuid.uuid4().hex


class TestQuery:
    def test_gets_its_answer(self, serving: Ledger) -> None:
        assert serving.call("echo", {"text": "青年之城"}) == {"text": "青年之城"}

    def test_refuses_bad_fields_with_a_pointer(self, serving: Ledger) -> None:
        with pytest.raises(Refusal) as refused:
            serving.call("echo", {"txt": "typo"})
        wire = refused.value.to_wire()
        assert wire["code"] == "invalid_request"
        assert {error["pointer"] for error in wire["errors"]} == {"#/text", "#/txt"}
        assert all(error["zh"] and error["en"] for error in wire["errors"])

    def test_hides_the_reason_of_a_breakdown(self, serving: Ledger) -> None:
        with pytest.raises(RemoteFailure) as failed:
            serving.call("break_down", {})
        assert "secret" not in str(failed.value)
        for method in ("answer_nonsense", "answer_half_a_letter"):
            with pytest.raises(RemoteFailure):
                serving.call(method, {})
        assert serving.call("echo", {"text": "still here"})["text"] == "still here"

    def test_refuses_a_sender_the_broker_does_not_vouch_for_whatever_it_asks(self, ledger: Ledger) -> None:
        """Before anything is read: not even the fields are looked at."""
        ledger.start(lanes="rpc", GATEWAY_BROKER_USER="somebody-else")
        for fields in ({"text": "forged"}, {"txt": "typo"}):
            with pytest.raises(Refusal) as refused:
                ledger.call("echo", fields)
            assert refused.value.to_wire()["code"] == CallerNotTrusted.code


class TestCommand:
    def test_takes_effect_once_under_one_key(self, serving: Ledger) -> None:
        key = new_key()
        first = serving.call("write_entry", {"text": "once"}, key=key)
        second = serving.call("write_entry", {"text": "once"}, key=key)
        assert dict(first) == dict(second)
        assert (first.replayed, second.replayed) == (False, True)
        assert serving.count("select count(*) from entries") == 1
        assert serving.count("select count(*) from outbox") == 1
        assert serving.count("select count(*) from history") == 1

    def test_refuses_another_body_under_the_same_key(self, serving: Ledger) -> None:
        key = new_key()
        serving.call("write_entry", {"text": "one"}, key=key)
        with pytest.raises(Refusal) as refused:
            serving.call("write_entry", {"text": "two"}, key=key)
        assert refused.value.to_wire()["kind"] == "unprocessable"

    def test_carries_a_refusal_as_data_in_both_languages(self, serving: Ledger) -> None:
        with pytest.raises(Refusal) as refused:
            serving.call("write_entry", {"text": "rude"}, key=new_key())
        wire = refused.value.to_wire()
        assert (wire["code"], wire["kind"]) == ("ledger.text_too_rude", "invalid")
        assert (wire["zh"], wire["en"]) == ("内容不当：rude", "The text is too rude: rude")
        assert serving.count("select count(*) from idempotency_keys") == 0

    def test_refuses_a_sender_the_broker_does_not_vouch_for(self, ledger: Ledger) -> None:
        ledger.start(lanes="rpc", GATEWAY_BROKER_USER="somebody-else")
        with pytest.raises(Refusal) as refused:
            ledger.call("write_entry", {"text": "forged"}, key=new_key())
        assert refused.value.to_wire()["code"] == CallerNotTrusted.code
        assert ledger.count("select count(*) from entries") == 0

    def test_is_rolled_back_at_the_deadline(self, serving: Ledger) -> None:
        with pytest.raises((RpcTimeout, Refusal)):
            serving.call("write_slowly", {"seconds": 3}, key=new_key(), timeout=0.5)
        until(lambda: 'youthcity_workers_busy{lane="rpc"} 0.0' in serving.health(serving.processes[0], "/metrics")[1])
        assert serving.count("select count(*) from entries") == 0


class TestManyAtOnce:
    def test_far_more_requests_than_workers_are_each_answered_once(self, ledger: Ledger) -> None:
        process = ledger.start(lanes="rpc", LEDGER_RPC_WORKERS="2")
        answers: list[str] = []

        def write_many(caller: int) -> None:
            for number in range(20):
                text = f"{caller}.{number}"
                answers.append(ledger.call("write_entry", {"text": text}, key=new_key(), timeout=20)["text"])

        callers = [threading.Thread(target=write_many, args=(caller,)) for caller in range(20)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert len(set(answers)) == len(answers) == 400
        assert ledger.count("select count(*) from entries") == 400
        assert 'youthcity_workers_configured{lane="rpc"} 2.0' in ledger.health(process, "/metrics")[1]
        assert process.poll() is None


class TestWhatCannotBeServed:
    def test_a_service_without_consumer_is_refused_fast(self, ledger: Ledger) -> None:
        process = ledger.start(lanes="rpc")
        process.terminate()
        process.wait()
        started = time.monotonic()
        with pytest.raises(ServiceUnavailable):
            ledger.call("echo", {"text": "x"}, timeout=10)
        assert time.monotonic() - started < 1.5

    def test_a_service_killed_at_work_leaves_the_outcome_unknown_at_the_deadline(self, ledger: Ledger) -> None:
        process = ledger.start(lanes="rpc")
        ledger.call("echo", {"text": "warm"})
        os.kill(process.pid, signal.SIGSTOP)
        started = time.monotonic()
        with pytest.raises(RpcTimeout):
            ledger.call("echo", {"text": "x"}, timeout=1)
        assert time.monotonic() - started < 2

    def test_an_expired_request_is_never_done_late(self, ledger: Ledger) -> None:
        process = ledger.start(lanes="rpc")
        ledger.call("echo", {"text": "warm"})
        os.kill(process.pid, signal.SIGSTOP)
        with pytest.raises(RpcTimeout):
            ledger.call("write_entry", {"text": "late"}, key=new_key(), timeout=0.5)
        os.kill(process.pid, signal.SIGCONT)
        ledger.call("write_entry", {"text": "in time"}, key=new_key())
        assert [row.text for row in ledger.rows("select text from entries")] == ["in time"]

    def test_a_request_of_any_shape_kills_nothing(self, serving: Ledger) -> None:
        wrong: list[dict[str, Any]] = [
            {"body": b"{}", "properties": {}},
            {"body": b"\xff\xfe", "properties": {"reply_to": "nowhere", "content_type": "application/json"}},
            {"body": b"[]", "properties": {"reply_to": "nowhere"}},
            {
                "body": b'{"args": [1], "kwargs": {}}',
                "properties": {"reply_to": "x", "content_type": "application/json"},
            },
            {"body": b"[" * 100_000, "properties": {"reply_to": "x", "content_type": "application/json"}},
        ]
        for request in wrong:
            serving.publish(request["body"], exchange="nameko-rpc", routing_key="ledger.echo", **request["properties"])
        serving.publish(b"{}", exchange="nameko-rpc", routing_key="ledger.no_such_method", reply_to="x")
        assert serving.call("echo", {"text": "alive"})["text"] == "alive"
        until(lambda: serving.queue_length("rpc-ledger") == 0)
        assert serving.processes[0].poll() is None

    def test_a_wrong_shape_is_answered_with_its_reason(self, serving: Ledger) -> None:
        body = json.dumps({"args": ["positional"], "kwargs": {}})
        asked = {"correlation_id": "1", "content_type": "application/json"}
        with kombu.Connection(serving.amqp_uri) as connection:
            channel, answers = connection.channel(), []
            channel.basic_consume(REPLY_TO, no_ack=True, callback=answers.append)
            message = amqp.Message(body, reply_to=REPLY_TO, **asked)
            channel.basic_publish(message, exchange="nameko-rpc", routing_key="ledger.echo")
            connection.drain_events(timeout=5)
        assert json.loads(answers[0].body)["error"]["exc_type"] == "MalformedRequest"

    def test_nothing_is_sent_to_an_address_of_the_sender_s_choice(self, serving: Ledger) -> None:
        """Else whoever reaches the queue could let the service speak to another, or shut its channel."""
        with kombu.Connection(serving.amqp_uri) as connection:
            queue = connection.SimpleQueue(f"answers-{new_key()}", queue_opts={"durable": False})
            queue.queue.bind_to("nameko-rpc", queue.queue.name)
            body = json.dumps({"args": [], "kwargs": {"text": "x"}}).encode()
            asked = {"reply_to": queue.queue.name, "content_type": "application/json"}
            serving.publish(body, exchange="nameko-rpc", routing_key="ledger.echo", **asked)
            dropped = 'youthcity_rpc_dropped_total{reason="no_reply_to"}'
            until(lambda: dropped in serving.health(serving.processes[0], "/metrics")[1])
            assert queue.qsize() == 0
            queue.queue.delete()
