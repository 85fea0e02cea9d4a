"""Which addresses give a password away on the way, and who is told of it."""

from __future__ import annotations

import pytest

from chassis.ground import tls

IN_THE_CLEAR = [
    "amqp://perks:x@rabbit.city:5672/youthcity",
    "amqps://perks:x@a.city/v;amqp://perks:x@rabbit.city/v",
    "postgresql://perks:x@rabbit.city/perks",
    "postgresql://perks:x@rabbit.city/perks?sslmode=require",
    "postgresql://perks:x@/perks?host=rabbit.city",
    "postgresql://perks@rabbit.city/perks?password=x",
    "amqp://perks:x@rabbit.city",
]
SAFE = [
    "amqps://perks:x@rabbit.city:5671/youthcity?cacertfile=/etc/ca.pem",
    "postgresql://perks:x@rabbit.city/perks?sslmode=verify-full&sslrootcert=/etc/ca.pem",
    "postgresql://perks@rabbit.city/perks",
    "postgresql://perks:x@/perks?host=/run/postgresql",
    "postgresql:///perks",
    "amqp://perks:x@127.0.0.1:5672/v",
    "amqp://perks:x@localhost/v",
    "postgresql://perks:x@[::1]/perks",
]


@pytest.mark.parametrize("uri", IN_THE_CLEAR)
def test_a_password_without_verified_tls_is_exposed_to_whoever_is_between(uri: str) -> None:
    assert tls.exposed(uri) == "rabbit.city"
    assert tls.exposed(uri, {"rabbit.city"}) is None


@pytest.mark.parametrize("uri", SAFE)
def test_verified_tls_the_same_machine_and_no_password_expose_nothing(uri: str) -> None:
    assert tls.exposed(uri) is None


def test_the_warning_names_the_host_and_never_the_password(caplog: pytest.LogCaptureFixture) -> None:
    uris = {"the broker's address": "amqp://perks:secret@rabbit.city/v", "the database's address": SAFE[0]}
    tls.warn_of_exposed(uris, frozenset())
    (line,) = caplog.messages
    assert "the broker's address sends its password to rabbit.city" in line
    assert "secret" not in line
