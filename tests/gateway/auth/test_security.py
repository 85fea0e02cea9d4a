"""How clients get their tokens, and how they are registered. What a token may do: ``tests/architecture/test_routes.py``."""

from __future__ import annotations

import base64
import datetime as dt
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from chassis.ground import clock
from chassis.ground.ids import uuid7
from chassis.store.database import make_engine
from deploy.local.throwaway import ThrowawayPlatform
from examples.client import Client
from gateway.auth import clients, subjects
from tests.support.api import Answer, Api
from tests.support.servers import Make


class TestTheTokenEndpoint:
    def test_answers_errors_as_rfc_6749_has_them(self, api: Api) -> None:
        form = "application/x-www-form-urlencoded"
        cases = [
            (b"", "", 400, "invalid_request"),
            (b"grant_type=password", "", 400, "unsupported_grant_type"),
            (b"grant_type=client_credentials", "", 401, "invalid_client"),
            (b"grant_type=client_credentials", "Basic !!!", 401, "invalid_client"),
            (b"grant_type=client_credentials&client_id=%00&client_secret=x", "", 401, "invalid_client"),
        ]
        for body, authorization, status, error in cases:
            answer = api.send("POST", "/oauth/token", body, token="", Authorization=authorization, Content_Type=form)
            assert (answer.status, answer.json["error"]) == (status, error)

    def test_narrows_to_the_requested_scopes(self, api: Api) -> None:
        body = b"grant_type=client_credentials&scope=registry:read"
        headers = {
            "Authorization": f"Basic {api.client._credentials}",
            "Content_Type": "application/x-www-form-urlencoded",
        }
        answer = api.send("POST", "/oauth/token", body, token="", **headers)
        assert (answer.status, answer.json["scope"]) == (200, "registry:read")
        answer = api.send("POST", "/oauth/token", b"grant_type=client_credentials&scope=x:y", token="", **headers)
        assert (answer.status, answer.json["error"]) == (400, "invalid_scope")

    def test_gives_a_channel_a_token_for_a_human_and_nobody_else_one(
        self, api: Api, platform: ThrowawayPlatform
    ) -> None:
        app = platform.client("app", "some_department", "people:read", "people:import", type="channel")
        person = "01890000-0000-7000-8000-000000000000"
        form = {"subject_token": person, "subject_token_type": subjects.PERSON}
        answer = exchange(api, app, form)
        assert (answer.status, answer.json["scope"]) == (
            200,
            "people:read",
        )  # of its two scopes, the one a person may have
        claims = claims_of(answer.json["access_token"])
        assert (claims["sub"], claims["client_id"][:4]) == (f"person:{person}", "app-")
        staff = exchange(api, app, {"subject_token": "s-17", "subject_token_type": subjects.STAFF})
        assert (staff.json["scope"], claims_of(staff.json["access_token"])["sub"]) == (
            "people:import people:read",
            "staff:s-17",
        )
        assert exchange(api, app, {**form, "subject_token": "zhang"}).json["error"] == "invalid_request"
        assert exchange(api, app, {**form, "subject_token_type": "x"}).json["error"] == "invalid_request"
        assert exchange(api, app, {**form, "scope": "people:import"}).json["error"] == "invalid_scope"
        system = exchange(api, api.client, form)
        assert (system.status, system.json["error"]) == (400, "unauthorized_client")

    def test_grants_reach_to_everybody_for_a_stated_purpose_alone(self, api: Api, platform: ThrowawayPlatform) -> None:
        office = platform.client("office", "some_department", "people:read", "people:all")
        for form, granted in (
            ({}, "people:read"),
            ({"purpose": "核对毕业生名单"}, "people:all people:read"),
            ({"purpose": "核对毕业生名单", "scope": "people:all"}, "people:all"),
        ):
            answer = grant(api, office, form)
            assert (answer.status, answer.json["scope"]) == (200, granted)
            assert claims_of(answer.json["access_token"]).get("purpose") == form.get("purpose")
        for form in ({"scope": "people:all"}, {"purpose": "x"}, {"purpose": "x" * 201}):
            assert (grant(api, office, form).status, grant(api, office, form).json["error"]) == (400, "invalid_request")

    def test_takes_one_form_of_credentials_and_every_parameter_once(self, api: Api) -> None:
        """RFC 6749, sections 2.3 and 3.2: what could mean two clients means none."""
        client_id, _, secret = base64.b64decode(api.client._credentials).decode().partition(":")
        basic = {
            "Authorization": f"Basic {api.client._credentials}",
            "Content_Type": "application/x-www-form-urlencoded",
        }
        begun = "grant_type=client_credentials"
        for rest, status, error in (
            (f"&client_id={client_id}&client_secret={secret}", 400, "invalid_request"),
            ("&client_secret=x", 400, "invalid_request"),
            ("&scope=registry:read&scope=schemes:read", 400, "invalid_request"),
            ("&client_id=another", 401, "invalid_client"),
        ):
            answer = api.send("POST", "/oauth/token", begun + rest, token="", **basic)
            assert (answer.status, answer.json["error"]) == (status, error), rest
        assert api.send("POST", "/oauth/token", f"{begun}&client_id={client_id}", token="", **basic).status == 200


class TestClients:
    def test_are_registered_rotated_and_revoked(self, api: Api, platform: ThrowawayPlatform) -> None:
        client = platform.client("rotated", "some_department", "people:read")
        client_id = base64.b64decode(client._credentials).decode().partition(":")[0]
        assert client.get("/v1/people", limit=1)["items"] is not None
        second = platform.run("gateway", "client", "rotate", client_id).strip()
        for secret in (base64.b64decode(client._credentials).decode().partition(":")[2], second):
            assert _token_status(api, client_id, secret) == 200
        platform.run("gateway", "client", "revoke", client_id)
        assert _token_status(api, client_id, second) == 401
        assert "revoked" in platform.run("gateway", "client", "list")

    def test_have_two_secrets_at_most_however_many_rotate_at_once_and_none_more_once_revoked(
        self, migrated_database: Make
    ) -> None:
        engine, now = make_engine(migrated_database("gateway"), pool_size=8, name="test"), clock.now()
        client_id, first = clients.register(engine, clients.Registration("busy", "some", []), now=now)
        with ThreadPoolExecutor(8) as rotating:
            made = list(rotating.map(lambda _: clients.rotate(engine, client_id, now=clock.now()), range(8)))
        assert sum(clients.authenticate(engine, client_id, one) is not None for one in [first, *made]) == 2
        clients.revoke(engine, client_id, now=now)
        clients.revoke(engine, client_id, now=now + dt.timedelta(days=1))
        assert [one.revoked_at for one in clients.all_clients(engine)] == [now]
        with pytest.raises(clients.ClientProblem):
            clients.rotate(engine, client_id, now=now)
        engine.dispose()

    @pytest.mark.parametrize(
        ("kind", "scopes", "bound_to"),
        [
            ("system", ["audit:read"], []),
            ("system", ["deliveries:operate"], []),
            ("channel", ["schemes:govern"], []),
            ("operator", ["people:read"], []),
            ("operator", ["queues:operate", "clients:govern"], []),
            ("device", ["redemptions:scan"], []),
            ("device", ["people:read"], [uuid7()]),
            ("system", ["people:read"], [uuid7()]),
        ],
    )
    def test_hold_no_scope_of_another_type_and_no_two_duties(
        self, migrated_database: Make, kind: str, scopes: list[str], bound_to: list[UUID]
    ) -> None:
        engine = make_engine(migrated_database("gateway"), pool_size=1, name="test")
        with pytest.raises(clients.ClientProblem):
            clients.register(engine, clients.Registration("x", "y", scopes, kind, bound_to), now=clock.now())
        engine.dispose()

    def test_of_version_0_1_get_the_new_scopes_beside_the_old_and_lose_the_old_at_the_end(
        self, migrated_database: Make
    ) -> None:
        engine, now = make_engine(migrated_database("gateway"), pool_size=1, name="test"), clock.now()
        old = ["perks:redeem", "talent:read", "talent:write"]
        school, secret = clients.register(engine, clients.Registration("school", "education", []), now=now)
        office, _ = clients.register(engine, clients.Registration("office", "youth_league", []), now=now)
        with engine.begin() as connection:
            connection.execute(text("""update clients set scopes = :old"""), {"old": old})
        trial = clients.migrate_scopes(engine, offices=["youth_league"], drops=False, is_trial=True)
        assert _scopes(engine) == {school: old, office: old}
        assert clients.migrate_scopes(engine, offices=["youth_league"], drops=False, is_trial=False) == trial
        served = _scopes(engine)
        assert set(old) < set(served[school]) and "registry:govern" not in served[school]
        assert set(served[office]) - set(served[school]) == {"registry:govern"}
        principal = clients.authenticate(engine, school, secret)
        assert principal is not None and principal.scopes == set(served[school]) - set(old)
        (dropped, _) = clients.migrate_scopes(engine, offices=["youth_league"], drops=True, is_trial=False)
        assert (dropped.added, dropped.dropped) == ([], old)
        assert _scopes(engine)[school] == sorted(principal.scopes)
        assert clients.migrate_scopes(engine, offices=["youth_league"], drops=True, is_trial=False) == []
        engine.dispose()

    def test_lose_a_secret_at_its_end(self, migrated_database: Make) -> None:
        engine, now = make_engine(migrated_database("gateway"), pool_size=1, name="test"), clock.now()
        wanted = clients.Registration("short", "some", ["people:read"])
        client_id, ended = clients.register(engine, wanted, now=now, expires_at=now)
        lives = clients.rotate(engine, client_id, now=now, expires_at=now + dt.timedelta(days=1))
        assert clients.authenticate(engine, client_id, ended) is None
        assert clients.authenticate(engine, client_id, lives) is not None
        engine.dispose()

    def test_that_reach_everybody_have_secrets_that_end(self, migrated_database: Make) -> None:
        engine, now = make_engine(migrated_database("gateway"), pool_size=1, name="test"), clock.now()
        wanted, ends = clients.Registration("office", "some", ["people:all"]), now + dt.timedelta(days=90)
        for end in (None, now + dt.timedelta(days=400)):
            with pytest.raises(clients.ClientProblem):
                clients.register(engine, wanted, now=now, expires_at=end)
        client_id, _ = clients.register(engine, wanted, now=now, expires_at=ends)
        with pytest.raises(clients.ClientProblem):
            clients.rotate(engine, client_id, now=now)
        clients.rotate(engine, client_id, now=now, expires_at=ends)
        engine.dispose()

    def test_are_refused_with_a_scope_there_is_not(self, platform: ThrowawayPlatform) -> None:
        with pytest.raises(subprocess.CalledProcessError):
            platform.run("gateway", "client", "add", "x", "--department", "y", "--scope", "no:such")


def _token_status(api: Api, client_id: str, secret: str) -> int:
    login = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    form = "application/x-www-form-urlencoded"
    body = b"grant_type=client_credentials"
    return api.send("POST", "/oauth/token", body, token="", Authorization=f"Basic {login}", Content_Type=form).status


def grant(api: Api, client: Client, form: dict[str, str]) -> Answer:
    """A client's request for a token of its own."""
    body = urlencode({"grant_type": "client_credentials", **form})
    headers = {"Authorization": f"Basic {client._credentials}", "Content_Type": "application/x-www-form-urlencoded"}
    return api.send("POST", "/oauth/token", body, token="", **headers)


def exchange(api: Api, client: Client, form: dict[str, str]) -> Answer:
    """A channel's request for a token for a human."""
    body = urlencode({"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", **form})
    headers = {"Authorization": f"Basic {client._credentials}", "Content_Type": "application/x-www-form-urlencoded"}
    return api.send("POST", "/oauth/token", body, token="", **headers)


def claims_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def _scopes(engine: Engine) -> dict[str, list[str]]:
    return {one.id: one.scopes for one in clients.all_clients(engine)}
