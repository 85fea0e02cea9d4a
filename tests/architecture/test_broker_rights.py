"""The rights of the broker's users follow from the code: what a service is asked, hears, and asks another for."""

from __future__ import annotations

import ast
import re

import pytest

from chassis.broker import topology
from contracts.catalogue import EVENTS
from deploy.local.broker_users import CALLS, GATEWAY, OPS, listener_topic_permissions, topic_permissions
from tests.architecture import source


def may(user: str, right: str, exchange: str) -> re.Pattern[str]:
    """The routing keys a user may publish (write) or bind (read) with."""
    (found,) = (one[right] for one in topic_permissions(user) if one["exchange"] == exchange)
    return re.compile(found)


def disclosures() -> dict[str, set[str]]:
    """Who may call which RPC besides the gateway, as the services' ``disclosure`` entrypoints say."""
    found: dict[str, set[str]] = {}
    for service in source.services():
        for name, call in source.entrypoints(service).items():
            if source.called(call) == "disclosure":
                (reader,) = (word.value for word in call.keywords if word.arg == "to")
                assert isinstance(reader, ast.Constant)
                found.setdefault(str(reader.value), set()).add(f"{service}.{name}")
    return found


class TestRequests:
    def test_a_service_asks_what_is_disclosed_to_it_and_nothing_else(self) -> None:
        assert disclosures() == {service: set(called) for service, called in CALLS.items()}

    def test_the_gateway_may_send_every_request_there_is_and_hear_none(self) -> None:
        for service in source.services():
            for name in source.entrypoints(service):
                assert may(GATEWAY, "write", "nameko-rpc").search(f"{service}.{name}")
        assert not may(GATEWAY, "read", "nameko-rpc").search("talent.*")

    @pytest.mark.parametrize("user", [*topology.services(), GATEWAY])
    def test_every_topic_exchange_is_restricted_for_every_process(self, user: str) -> None:
        """Where a user has no topic permission for an exchange, RabbitMQ lets all keys pass."""
        exchanges = {"nameko-rpc", *map(topology.events_exchange, topology.services())}
        assert {one["exchange"] for one in topic_permissions(user)} == exchanges
        assert {one["exchange"] for one in listener_topic_permissions()} == exchanges
        assert topic_permissions(OPS) == []


class TestEvents:
    def test_are_announced_by_their_service_and_bound_by_who_hears_them(self) -> None:
        for event_type, entry in EVENTS.items():
            source_of = topology.source_of(event_type)
            exchange, hearers = topology.events_exchange(source_of), {one.split(".")[0] for one in entry.subscribers}
            for service in topology.services():
                assert bool(may(service, "write", exchange).search(event_type)) is (service == source_of)
                assert bool(may(service, "read", exchange).search(event_type)) is (service in hearers)
