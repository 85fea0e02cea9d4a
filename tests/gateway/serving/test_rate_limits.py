"""Shares of requests: what a response says of them, who is refused when, and who counts together."""

from __future__ import annotations

import copy
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.packages import find_program
from deploy.local.throwaway import ThrowawayPlatform, eventually, free_port
from examples.client import Client
from tests.support.api import Answer, Api
from tests.support.platforms import MakePlatform

LIST = "/v1/organisations?limit=1"
FORM = {"Content_Type": "application/x-www-form-urlencoded"}
TYPE = "https://iana.org/assignments/http-problem-types#quota-exceeded"

Gateways = Callable[..., list[Api]]


@pytest.fixture(scope="module")
def site(prepared_platform: MakePlatform) -> Iterator[ThrowawayPlatform]:
    """Talent to ask, and no gateway yet."""
    with prepared_platform("rates") as made:
        made.environment["GATEWAY_PUBLIC_URL"] = "https://youth.example"
        made.start_service("talent", "talent", "rpc")
        made.wait_for("talent")
        yield made


@pytest.fixture
def gateways(site: ThrowawayPlatform) -> Iterator[Gateways]:
    """Start gateways with these settings; a client registered at each."""
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


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    made = Redis(tmp_path)
    made.start()
    yield made
    made.stop()


class Redis:
    """A server of the test's own."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self.uri = f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        program = find_program("redis-server")
        assert program is not None
        command = [
            str(program),
            "--port",
            str(self._port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            str(self._folder),
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


def at(url: str, client: Client) -> Api:
    """The same client, at another gateway."""
    there = copy.copy(client)
    there.url = url
    return Api(url, there)


def fields(answer: Answer) -> dict[str, str]:
    return {name: str(answer.headers[name]) for name in ("RateLimit-Policy", "RateLimit")}


class TestShares:
    def test_every_answer_says_what_is_left_and_a_client_over_its_share_is_refused_alone(
        self, site: ThrowawayPlatform, gateways: Gateways
    ) -> None:
        (api,) = gateways(GATEWAY_RATE_CLIENT="3/minute")
        other = site.client("library", "culture")
        first, second, third = (api.send("GET", LIST) for _ in range(3))
        assert fields(first)["RateLimit-Policy"] == '"client";q=3;w=60'
        assert [fields(one)["RateLimit"].split(";t=")[0] for one in (first, second, third)] == [
            f'"client";r={left}' for left in (2, 1, 0)
        ]
        refused = api.send("GET", LIST, Accept_Language="zh-CN")
        problem = refused.json
        assert (refused.status, problem["type"], problem["code"]) == (429, TYPE, "quota_exceeded")
        assert (problem["violated-policies"], problem["retryable"]) == (["client"], True)
        assert "秒后重试" in problem["detail"]
        seconds_left = int(fields(refused)["RateLimit"].partition(";t=")[2])
        assert 1 <= seconds_left <= int(refused.headers["Retry-After"]) <= 60
        assert at(api.url, other).send("GET", LIST).status == 200

    def test_files_have_a_share_of_their_own(self, gateways: Gateways) -> None:
        (api,) = gateways(GATEWAY_RATE_IMPORTS="1/hour", GATEWAY_RATE_CLIENT="")
        wrong = {"body": b"", "Content_Type": "multipart/form-data; boundary=x"}
        assert api.send("POST", "/v1/imports", **wrong).status == 422
        refused = api.send("POST", "/v1/imports", **wrong)
        assert (refused.status, refused.json["violated-policies"]) == (429, ["imports"])
        assert api.send("GET", LIST).status == 200

    def test_an_address_that_guesses_is_refused_whoever_it_says_it_is(self, gateways: Gateways) -> None:
        (api,) = gateways(GATEWAY_RATE_ADDRESS="3/minute")
        assert api.send("GET", LIST, token="guessed").status == 401
        for secret in ("a", "b"):
            form = f"grant_type=client_credentials&client_id=x{secret}&client_secret={secret}"
            assert api.send("POST", "/oauth/token", form, token="", **FORM).status == 401
        refused = api.send("POST", "/oauth/token", "grant_type=client_credentials", token="", **FORM)
        assert (refused.status, refused.json["violated-policies"]) == (429, ["address"])
        assert api.send("GET", LIST, token="guessed").status == 429
        forwarded = api.send("GET", LIST, token="guessed", X_Forwarded_For="192.0.2.7")
        assert forwarded.status == 429  # no proxy is configured before this gateway

    def test_behind_a_proxy_it_is_the_address_the_proxy_passes_on(self, gateways: Gateways) -> None:
        (api,) = gateways(GATEWAY_RATE_ADDRESS="1/minute", GATEWAY_TRUSTED_PROXIES="1")
        statuses = [
            api.send("GET", LIST, token="guessed", X_Forwarded_For=who).status for who in ("192.0.2.7", "192.0.2.8")
        ]
        assert statuses == [401, 401]
        # what the client itself wrote stands before what the proxy adds
        again = api.send("GET", LIST, token="guessed", X_Forwarded_For="198.51.100.1, 192.0.2.7")
        assert again.status == 429


class TestStore:
    def test_gateways_with_a_store_count_together(self, gateways: Gateways, redis: Redis) -> None:
        apis = gateways(2, GATEWAY_RATE_STORE=redis.uri, GATEWAY_RATE_CLIENT="4/minute")
        statuses = [api.send("GET", LIST).status for api in apis * 3]
        assert statuses == [200] * 4 + [429] * 2

    def test_a_store_that_is_away_refuses_nobody_and_counts_again_when_it_is_back(
        self, gateways: Gateways, redis: Redis
    ) -> None:
        (api,) = gateways(GATEWAY_RATE_STORE=redis.uri, GATEWAY_RATE_CLIENT="1000/minute")
        assert '"client";r=999' in fields(api.send("GET", LIST))["RateLimit"]
        redis.stop()
        away = api.send("GET", LIST)
        assert (away.status, '"client";r=999' in fields(away)["RateLimit"]) == (200, True)
        with urllib.request.urlopen(f"{api.url}/metrics") as answer:
            assert "youthcity_rate_store_failures_total 1.0" in answer.read().decode()
        redis.start()
        # a new, empty store: the worker's own count has gone on meanwhile
        eventually(
            lambda: '"client";r=999' in fields(api.send("GET", LIST))["RateLimit"], what="the store being used again"
        )
