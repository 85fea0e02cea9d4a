"""What a department's broker user may hear, and the command that gives rights to the users of a running broker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import amqp
import kombu
import pytest
from click.testing import CliRunner

from chassis.broker import topology
from contracts.catalogue import EVENTS
from deploy import broker_rights, new_secrets
from deploy.local import broker_users
from deploy.local.broker_users import GATEWAY
from examples.listening import queue_of
from tests.deploy.rights import ENDED, REDEEMED, MakeUser, former_rights, is_refused, of_listener, publish
from tests.support.servers import Broker
from tests.support.waiting import until


class TestADepartmentThatListens:
    def test_hears_on_the_queue_made_for_it_what_it_is_named_for(
        self, ops: amqp.Channel, user_like: MakeUser, connect: Any
    ) -> None:
        education = user_like("education", of_listener(ENDED))
        with kombu.Connection(education) as connection:
            queue_of("education.inbox", (ENDED,))(connection.default_channel).declare()
        ops.confirm_select()
        ops.basic_publish_confirm(amqp.Message("left"), exchange="talent.events", routing_key=ENDED)
        assert connect(education).channel().basic_get("education.inbox").body == "left"

    def test_binds_no_type_of_persons_it_is_not_named_for(
        self, ops: amqp.Channel, user_like: MakeUser, connect: Any
    ) -> None:
        anybody = connect(user_like("culture", of_listener()))
        named = connect(user_like("education", of_listener(ENDED)))
        for event_type, entry in EVENTS.items():
            where = topology.events_exchange(topology.source_of(event_type)), event_type
            assert is_refused(anybody, lambda channel, at=where: channel.queue_bind("culture.inbox", *at)) is (
                entry.person_level
            ), event_type
        for exchange, key in (("perks.events", REDEEMED), ("talent.events", "#"), ("nameko-rpc", "talent.*")):
            assert is_refused(named, lambda channel, at=(exchange, key): channel.queue_bind("education.inbox", *at))

    def test_may_touch_no_queue_of_the_platform_and_publish_nothing(
        self, ops: amqp.Channel, user_like: MakeUser, connect: Any
    ) -> None:
        education = connect(user_like("education", of_listener(ENDED)))
        assert is_refused(education, lambda channel: channel.basic_consume("perks.on_affiliation_changed.v1"))
        assert is_refused(education, lambda channel: channel.queue_declare("perks.mine"))
        assert is_refused(education, lambda channel: channel.queue_unbind("perks.mine", "talent.events", ENDED))
        for exchange in ("talent.events", "nameko-rpc", ""):
            assert is_refused(education, lambda channel, exchange=exchange: publish(channel, exchange, ENDED))

    def test_can_make_no_queue_that_would_hold_up_the_relay(
        self, ops: amqp.Channel, user_like: MakeUser, connect: Any
    ) -> None:
        """A full queue that refuses what comes lets the relay's confirm fail, for everybody who hears the type."""
        refusing = {"x-max-length": 1, "x-overflow": "reject-publish"}
        education = connect(user_like("education", of_listener(ENDED)))
        for name in ("education.refusing", ""):
            assert is_refused(education, lambda channel, name=name: channel.queue_declare(name, arguments=refusing))

    def test_that_reads_nothing_fills_no_disk(
        self, ops: amqp.Channel, user_like: MakeUser, connect: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert set(broker_users.LISTENER_LIMITS) == {"max-length", "expires"}
        monkeypatch.setitem(broker_users.LISTENER_LIMITS, "max-length", 3)
        education = connect(user_like("education", of_listener(ENDED))).channel()
        education.queue_bind("education.inbox", "talent.events", ENDED)
        ops.confirm_select()
        for number in range(10):
            ops.basic_publish_confirm(amqp.Message(f"{number}"), exchange="talent.events", routing_key=ENDED)
        until(lambda: ops.queue_declare("education.inbox", passive=True).message_count == 3)
        assert education.basic_get("education.inbox").body == "7"


class TestTheCommandForARunningBroker:
    def test_narrows_the_rights_of_users_that_are_there_and_may_be_repeated(
        self, broker: Broker, ops: amqp.Channel, user_like: MakeUser, connect: Any
    ) -> None:
        uri = user_like("perks", former_rights)
        prefix, vhost = (urlsplit(uri).username or "").removesuffix("perks"), urlsplit(uri).path[1:]
        perks = connect(uri)
        ask = lambda channel: publish(channel, "nameko-rpc", "talent.get_person")  # noqa: E731
        assert not is_refused(perks, ask)
        printed = _printed("--vhost", vhost, "--prefix", prefix)
        printed = {
            part: [one for one in entries if one["user"] == f"{prefix}perks"] for part, entries in printed.items()
        }
        for _ in range(2):
            broker.ask("POST", "/definitions", json.dumps(printed).encode())
        until(lambda: is_refused(perks, ask), what="the rights are narrower, also for who is connected")

    def test_makes_a_listener_and_refuses_what_is_none(self) -> None:
        made = _printed("--listener", "education", "--type", ENDED)
        assert [one["name"] for one in made["queues"]] == ["education.inbox"]
        for arguments in (["--listener", "perks"], ["--listener", "a.b"], ["--listener", "x", "--type", "a.b.c.v1"]):
            assert CliRunner().invoke(broker_rights.main, arguments).exit_code == 2

    def test_writes_into_the_definitions_a_broker_reads_at_its_start_and_keeps_its_users(self, tmp_path: Path) -> None:
        file = tmp_path / "broker_definitions.json"
        users = dict.fromkeys([*topology.services(), GATEWAY, broker_users.OPS], "a password")
        whole = new_secrets.broker_definitions(users)
        before = {
            **whole,
            "topic_permissions": [],
            "permissions": former_rights("perks", "perks", "youthcity")["permissions"],
        }
        file.write_text(json.dumps(before))
        assert CliRunner().invoke(broker_rights.main, ["--into", str(file)]).exit_code == 0
        assert json.loads(file.read_text()) == whole


def _printed(*arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(broker_rights.main, list(arguments), catch_exceptions=False)
    return dict(json.loads(done.stdout))
