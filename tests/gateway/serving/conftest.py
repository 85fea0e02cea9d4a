"""What the tests of serving share: talent to ask, and gateways of their own settings."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import pytest

from deploy.local.throwaway import ThrowawayPlatform
from examples.client import Client
from tests.support.api import Api
from tests.support.platforms import MakePlatform

Gateways = Callable[..., list[Api]]


@pytest.fixture(scope="package")
def site(prepared_platform: MakePlatform) -> Iterator[ThrowawayPlatform]:
    """Talent to ask, and no gateway yet."""
    with prepared_platform("serving") as made:
        made.environment["GATEWAY_PUBLIC_URL"] = "https://youth.example"
        made.start_service("talent", "talent", "rpc")
        made.wait_for("talent")
        yield made


@pytest.fixture
def gateways(site: ThrowawayPlatform) -> Iterator[Gateways]:
    """Start gateways with these settings; a client registered at each. They are called gateway-0, gateway-1 …"""
    started: list[str] = []

    def start(count: int = 1, **environment: str) -> list[Api]:
        registered = site.client("school", "education")
        for _ in range(count):
            started.append(f"gateway-{len(started)}")
            url = site.start_further_gateway(started[-1], **environment)
            made.append(at(url, registered))
        return made

    made: list[Api] = []
    yield start
    for name in started:
        site.stop(name)


def at(url: str, client: Client) -> Api:
    """The same client, at another gateway."""
    there = copy.copy(client)
    there.url = url
    return Api(url, there)
