"""An on-call engineer asks the broker, the dead letters and the clients from the command line."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from urllib.parse import urlsplit

import amqp
import pytest
from sqlalchemy import create_engine, text

from chassis.broker import topology
from chassis.broker.publisher import ConfirmedPublisher, Outgoing
from chassis.broker.wire import Wire
from chassis.store.database import with_driver
from cli import events
from deploy.local.broker_users import listener_permissions
from deploy.local.throwaway import ThrowawayPlatform, eventually
from tests.support.command_lines import CommandLine
from tests.support.servers import Broker
from tests.support.towns import Town

CONSUMER = "notify.on_announcement"


@pytest.fixture
def channel(platform: ThrowawayPlatform) -> Iterator[amqp.Channel]:
    wire = Wire(platform.environment["AMQP_URI"], name="test", heartbeat=0)
    yield wire.connection.channel()
    wire.close()


@pytest.fixture
def dead_letter(platform: ThrowawayPlatform) -> str:
    """A message no handler can read, given up by notify; its id."""
    publisher = ConfirmedPublisher(platform.environment["AMQP_URI"], name="test")
    publisher.publish([Outgoing(body="no event", exchange="", routing_key=topology.consumer_queue(CONSUMER))])
    publisher.close()
    engine = create_engine(with_driver(platform.databases["notify"]))
    query = text("select id from dead_letters where redriven_at is null and body = 'no event' order by id desc limit 1")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        found = eventually(lambda: connection.execute(query).scalar(), what="the dead letter")
    engine.dispose()
    return str(found)


class TestClients:
    def test_are_registered_rotated_and_revoked_and_show_a_secret_once(self, cli: CommandLine) -> None:
        made = cli(
            "clients", "register", "hospital", "--department", "health", "--scope", "people:import", "--json"
        ).only
        login = {"YOUTHCITY_CLIENT_ID": made["client_id"], "YOUTHCITY_CLIENT_SECRET": made["client_secret"]}
        assert cli("imports", "list", "--json", **login).out == ""
        second = cli("clients", "rotate", made["client_id"], "--json").only["client_secret"]
        assert cli("imports", "list", **{**login, "YOUTHCITY_CLIENT_SECRET": second}).out
        cli("clients", "revoke", made["client_id"])
        cli("imports", "list", status=1, **{**login, "YOUTHCITY_CLIENT_SECRET": second})
        listed = cli("clients", "list", "--json")
        assert next(one for one in listed.objects if one["client_id"] == made["client_id"])["state"] == "revoked"
        assert second not in listed.out
        headings, *lines = (line.split() for line in cli("clients", "list").out.splitlines())
        assert headings == ["client", "department", "state", "type", "scopes"]
        assert [made["client_id"], "health", "revoked", "system", "people:import"] in lines

    def test_are_refused_in_the_chosen_language(self, cli: CommandLine) -> None:
        assert "未找到客户端" in cli("--lang", "zh", "clients", "rotate", "nobody", status=1).err
        assert cli("clients", "rotate", "nobody", status=1).err == "Error: no client nobody\n"


class TestQueues:
    def test_are_all_there_with_who_takes_from_them(self, cli: CommandLine, channel: amqp.Channel) -> None:
        channel.queue_declare("left.behind", durable=True, auto_delete=False)
        channel.queue_declare("mine", exclusive=True)
        found = {one["name"]: one for one in cli("queues", "--json").objects}
        channel.queue_delete("left.behind")
        ours = [one for one in found.values() if one["whose"] == "platform"]
        assert {one["name"] for one in ours} == set(topology.queue_names(delays=(0.5, 1, 2)))
        assert {(one["lane"], one["consumers"]) for one in ours if one["name"] == f"{CONSUMER}.v1"} == {("events", 2)}
        assert found["rpc-perks"]["lane"] == "rpc"
        assert found["notify.retry.1s"]["lane"] is None
        assert all(one["unacknowledged"] is not None for one in ours)
        assert (found["left.behind"]["whose"], found["mine"]["whose"]) == ("orphan", "private")

    def test_of_a_department_that_listens_are_no_orphans_while_it_is_away(
        self, cli: CommandLine, channel: amqp.Channel, broker: Broker
    ) -> None:
        department, vhost = f"dept{os.getpid()}", urlsplit(cli.environment["AMQP_URI"]).path[1:]
        broker.ask("PUT", f"/users/{department}", b'{"password": "none", "tags": ""}')
        channel.queue_declare(f"{department}.inbox", durable=True, auto_delete=False)
        try:
            rights = json.dumps(listener_permissions(department)).encode()
            broker.ask("PUT", f"/permissions/{vhost}/{department}", rights)
            found = {one["name"]: one["whose"] for one in cli("queues", "--json").objects}
            assert found[f"{department}.inbox"] == "foreign"
        finally:
            broker.ask("DELETE", f"/users/{department}")
            channel.queue_delete(f"{department}.inbox")

    def test_are_listed_without_the_management_api_as_far_as_possible(self, cli: CommandLine) -> None:
        plain = cli("queues", RABBIT_API=None)
        assert "RABBIT_API" in plain.err
        assert "无法得知" in cli("queues", RABBIT_API=None, LANG="zh_CN").err
        assert f"{CONSUMER}.v1" in plain.out

    def test_end_with_3_where_the_broker_is_away(self, cli: CommandLine) -> None:
        away = cli("queues", "--json", status=3, AMQP_URI="amqp://u:geheim@127.0.0.1:9/", RABBIT_API=None)
        assert json.loads(away.err.splitlines()[-1])["error"] == "not_reachable"
        assert "geheim" not in away.err


class TestDeadLetters:
    def test_are_listed_shown_and_sent_again_whichever_service_has_them(
        self, cli: CommandLine, dead_letter: str
    ) -> None:
        listed = cli("dead", "list", "--consumer", CONSUMER, "--json").objects
        assert (listed[0]["id"], listed[0]["service"]) == (dead_letter, "notify")
        assert cli("dead", "show", dead_letter, "--json").only["body"] == "no event"
        assert "undecodable" in cli("dead", "show", dead_letter, "--service", "notify").out
        assert cli("dead", "redrive", dead_letter, "--dry-run").out == "notify: 1 would be sent again\n"
        sent = {one["service"]: one["sent"] for one in cli("dead", "redrive", dead_letter, "--json").objects}
        assert sent == {"events": 0, "notify": 1, "perks": 0, "talent": 0}
        assert dead_letter not in {one["id"] for one in cli("dead", "list", "--json").objects}

    def test_of_the_services_that_answer_are_shown_when_one_is_away(self, cli: CommandLine, dead_letter: str) -> None:
        away = cli("dead", "list", "--json", status=3, TALENT_DATABASE_URL="postgresql://u:geheim@127.0.0.1:9/x")
        assert dead_letter in {one["id"] for one in away.objects}
        assert "talent" in away.err
        assert "geheim" not in away.err

    def test_are_never_all_sent_by_mistake(self, cli: CommandLine) -> None:
        assert "--all" in cli("dead", "redrive", status=2).err
        assert "no dead letter" in cli("dead", "show", "0190aaaa-0000-7000-8000-000000000000", status=1).err


class TestTail:
    def test_prints_envelopes_and_no_data(self, cli: CommandLine, town: Town) -> None:
        tail = cli.start("events", "tail", "--type", "talent.organisation.#", "--count", "1", "--json")
        assert tail.stderr is not None
        assert "listening" in tail.stderr.readline()
        organisation = town.organisation("university")
        out, _ = tail.communicate(timeout=30)
        printed = json.loads(out)
        assert (printed["type"], printed["subject"]) == ("talent.organisation.registered.v1", organisation["id"])
        assert organisation["name"] not in out
        assert set(printed) == {"id", "type", "subject", "sequence", "time", "trace_id", "replay"}

    def test_says_no_more_than_the_size_of_what_is_no_event(self, cli: CommandLine, channel: amqp.Channel) -> None:
        tail = cli.start("events", "tail", "--type", "talent.test.#", "--count", "1")
        assert tail.stderr is not None
        tail.stderr.readline()
        channel.basic_publish(amqp.Message("张三 13912345678"), "talent.events", "talent.test.sent.v1")
        out, _ = tail.communicate(timeout=30)
        heading, line = out.splitlines()
        assert heading.split() == ["time", "type", "subject", "sequence", "id", "trace_id"]
        assert line.split()[1] == "talent.test.sent.v1"
        assert "张三" not in out

    def test_does_not_start_while_the_relay_would_take_it_for_a_subscriber(self, cli: CommandLine, vhost: str) -> None:
        missing = cli("events", "tail", status=1, AMQP_URI=vhost)
        assert "topology apply" in missing.err

    def test_looks_as_often_as_it_likes_over_the_channels_it_has(self, vhost: str) -> None:
        wire = Wire(vhost, name="test", heartbeat=0)
        topology.declare_all(wire.connection.channel(), delays=[1.0])
        before = set(wire.connection.channels)
        for _ in range(3):
            events._require_subscribers(wire)
        assert set(wire.connection.channels) == before
        wire.close()

    def test_leaves_nothing_behind_when_it_is_stopped(self, cli: CommandLine) -> None:
        before = {one["name"] for one in cli("queues", "--json").objects}
        tail = cli.start("events", "tail")
        assert tail.stderr is not None
        tail.stderr.readline()
        tail.send_signal(signal.SIGINT)
        assert tail.wait(20) == 130
        eventually(lambda: {one["name"] for one in cli("queues", "--json").objects} <= before, what="its queue's end")
