"""How clients get their tokens, and how they are registered. What a token may do: ``tests/architecture/test_routes.py``."""

from __future__ import annotations

import base64
import datetime as dt
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from chassis.ground import clock
from chassis.store.database import make_engine
from deploy.local.throwaway import ThrowawayPlatform
from gateway.auth import clients
from tests.support.api import Api
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

    def test_narrows_to_the_scopes_asked_for(self, api: Api) -> None:
        body = b"grant_type=client_credentials&scope=talent:read"
        headers = {
            "Authorization": f"Basic {api.client._credentials}",
            "Content_Type": "application/x-www-form-urlencoded",
        }
        answer = api.send("POST", "/oauth/token", body, token="", **headers)
        assert (answer.status, answer.json["scope"]) == (200, "talent:read")
        answer = api.send("POST", "/oauth/token", b"grant_type=client_credentials&scope=x:y", token="", **headers)
        assert (answer.status, answer.json["error"]) == (400, "invalid_scope")

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
            ("&scope=talent:read&scope=perks:read", 400, "invalid_request"),
            ("&client_id=another", 401, "invalid_client"),
        ):
            answer = api.send("POST", "/oauth/token", begun + rest, token="", **basic)
            assert (answer.status, answer.json["error"]) == (status, error), rest
        assert api.send("POST", "/oauth/token", f"{begun}&client_id={client_id}", token="", **basic).status == 200


class TestClients:
    def test_are_registered_rotated_and_revoked(self, api: Api, platform: ThrowawayPlatform) -> None:
        client = platform.client("rotated", "some_department", "talent:read")
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
        client_id, first = clients.register(engine, name="busy", department="some", scopes=[], now=now)
        with ThreadPoolExecutor(8) as rotating:
            made = list(rotating.map(lambda _: clients.rotate(engine, client_id, now=clock.now()), range(8)))
        assert sum(clients.authenticate(engine, client_id, one) is not None for one in [first, *made]) == 2
        clients.revoke(engine, client_id, now=now)
        clients.revoke(engine, client_id, now=now + dt.timedelta(days=1))
        assert [one.revoked_at for one in clients.all_clients(engine)] == [now]
        with pytest.raises(clients.ClientProblem):
            clients.rotate(engine, client_id, now=now)
        engine.dispose()

    def test_are_refused_with_a_scope_there_is_not(self, platform: ThrowawayPlatform) -> None:
        with pytest.raises(subprocess.CalledProcessError):
            platform.run("gateway", "client", "add", "x", "--department", "y", "--scope", "no:such")


def _token_status(api: Api, client_id: str, secret: str) -> int:
    login = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    form = "application/x-www-form-urlencoded"
    body = b"grant_type=client_credentials"
    return api.send("POST", "/oauth/token", body, token="", Authorization=f"Basic {login}", Content_Type=form).status
