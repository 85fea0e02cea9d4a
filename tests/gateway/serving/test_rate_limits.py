"""Shares of requests: what a response says of them, who is refused when, and who counts together."""

from __future__ import annotations

import base64
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.packages import find_program
from deploy.local.throwaway import ThrowawayPlatform, eventually, free_port
from tests.gateway.serving.conftest import Gateways, at
from tests.support.api import Answer, Api

LIST = "/v1/organisations?limit=1"
FORM = {"Content_Type": "application/x-www-form-urlencoded"}
TYPE = "https://iana.org/assignments/http-problem-types#quota-exceeded"


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


def id_of(api: Api) -> str:
    return base64.b64decode(api.client._credentials).decode().partition(":")[0]


def secret_of(api: Api) -> str:
    return base64.b64decode(api.client._credentials).decode().partition(":")[2]


def token(api: Api, client_id: str, secret: str, address: str = "") -> Answer:
    """Ask for a token, from `address` where a proxy says so."""
    form = f"grant_type=client_credentials&client_id={client_id}&client_secret={secret}"
    return api.send("POST", "/oauth/token", form, token="", X_Forwarded_For=address, Authorization="", **FORM)


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

    def test_wrong_secrets_of_somebody_lock_out_that_client_id_at_that_address_alone(
        self, site: ThrowawayPlatform, gateways: Gateways
    ) -> None:
        """Once 338 of them locked out every client behind the address."""
        (api,) = gateways(GATEWAY_RATE_CREDENTIALS="5/hour", GATEWAY_TRUSTED_PROXIES="1")
        other = at(api.url, site.client("library", "culture"))
        attacked, at_home, away = id_of(api), "192.0.2.7", "192.0.2.8"
        assert [token(api, attacked, "wrong", at_home).status for _ in range(40)] == [401] * 5 + [429] * 35
        refused = token(api, attacked, secret_of(api), at_home)
        assert (refused.status, refused.json["violated-policies"]) == (429, ["credentials"])
        assert token(api, id_of(other), secret_of(other), at_home).status == 200
        assert token(api, attacked, secret_of(api), away).status == 200

    def test_tokens_that_are_given_count_against_nothing(self, gateways: Gateways) -> None:
        (api,) = gateways(GATEWAY_RATE_CREDENTIALS="2/hour", GATEWAY_RATE_ADDRESS="2/hour")
        given = [token(api, id_of(api), secret_of(api)) for _ in range(6)]
        assert {answer.status for answer in given} == {200}
        assert fields(given[-1])["RateLimit"].startswith('"address";r=2;')

    def test_guessing_many_ids_uses_up_the_share_of_the_address(self, gateways: Gateways) -> None:
        (api,) = gateways(GATEWAY_RATE_ADDRESS="4/hour")
        guessed = [token(api, f"id-{number}", "guessed") for number in range(5)]
        assert [answer.status for answer in guessed] == [401] * 4 + [429]
        assert guessed[-1].json["violated-policies"] == ["address"]

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
        self, site: ThrowawayPlatform, gateways: Gateways, redis: Redis
    ) -> None:
        (api,) = gateways(GATEWAY_RATE_STORE=redis.uri, GATEWAY_RATE_CLIENT="1000/minute")
        assert '"client";r=999' in fields(api.send("GET", LIST))["RateLimit"]
        redis.stop()
        away = api.send("GET", LIST)
        assert (away.status, '"client";r=999' in fields(away)["RateLimit"]) == (200, True)
        with urllib.request.urlopen(f"{site.health_url('gateway-0')}/metrics") as answer:
            assert "youthcity_rate_store_failures_total 1.0" in answer.read().decode()
        redis.start()
        # a new, empty store: the worker's own count has gone on meanwhile
        eventually(
            lambda: '"client";r=999' in fields(api.send("GET", LIST))["RateLimit"], what="the store being used again"
        )
