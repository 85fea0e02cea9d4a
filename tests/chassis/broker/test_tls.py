"""``amqps`` reaches a broker that proves to be it, with everything the platform does with one; and no other."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from chassis.broker.publisher import ConfirmedPublisher, Outgoing
from chassis.broker.wire import Wire
from tests.support.certificates import Authority
from tests.support.ledgers import Ledger
from tests.support.proxy import Proxy
from tests.support.waiting import until


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "trusted")


@pytest.fixture
def behind_tls(vhost: str, authority: Authority) -> Iterator[str]:
    """The address of a vhost behind something that speaks TLS for the broker."""
    parts = urlsplit(vhost)
    proxy = Proxy(parts.hostname or "", parts.port or 5672, tls=authority.server_context())
    yield urlunsplit(urlsplit(proxy.uri(vhost))._replace(scheme="amqps"))
    proxy.close()


def test_a_known_certificate_opens_it_to_publish_with_confirms_and_to_read(
    behind_tls: str, authority: Authority
) -> None:
    uri = f"{behind_tls}?cacertfile={authority.ca_file}"
    wire = Wire(uri, name="test.tls", heartbeat=0)
    channel = wire.connection.channel()
    queue = channel.queue_declare("test.tls", auto_delete=False).queue
    sender = ConfirmedPublisher(uri, name="test.tls.publisher")
    try:
        assert sender.publish([Outgoing("x" * 50_000, "", queue)] * 5) == set()
        assert wire.read_until(lambda: False, timeout=0.2) is False
        assert channel.queue_declare(queue, passive=True).message_count == 5
    finally:
        sender.close()
        wire.close()


def test_a_strange_certificate_closes_it_and_so_does_one_of_another_host(
    behind_tls: str, authority: Authority, vhost: str, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path / "strange")
    for uri in (behind_tls, f"{behind_tls}?cacertfile={stranger.ca_file}"):
        with pytest.raises(ssl.SSLCertVerificationError):
            Wire(uri, name="test.tls", heartbeat=0)
    parts = urlsplit(vhost)
    elsewhere = Proxy(parts.hostname or "", parts.port or 5672, tls=authority.server_context("rabbit.example"))
    try:
        uri = urlunsplit(
            urlsplit(elsewhere.uri(vhost))._replace(scheme="amqps", query=f"cacertfile={authority.ca_file}")
        )
        with pytest.raises(ssl.SSLCertVerificationError):
            Wire(uri, name="test.tls", heartbeat=0)
    finally:
        elsewhere.close()


def test_a_service_answers_and_hears_over_it(ledger: Ledger, authority: Authority) -> None:
    """With everything its process does to a connection: lanes, relay, heartbeats, under eventlet."""
    parts = urlsplit(ledger.amqp_uri)
    proxy = Proxy(parts.hostname or "", parts.port or 5672, tls=authority.server_context())
    try:
        uri = urlunsplit(urlsplit(proxy.uri(ledger.amqp_uri))._replace(scheme="amqps"))
        ledger.start(AMQP_URI=f"{uri}?cacertfile={authority.ca_file}")
        for number in range(20):
            ledger.call("write_entry", {"text": f"entry {number}"}, key=uuid.uuid4().hex)
        until(lambda: ledger.count("select count(*) from hearings") == 20)
    finally:
        proxy.close()
