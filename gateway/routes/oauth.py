"""Tokens for registered clients (RFC 6749) and the humans channels act for (RFC 8693), and what others verify them with."""

from __future__ import annotations

import base64
import binascii
import dataclasses
from typing import Any
from urllib.parse import unquote_plus

from flask import Response, current_app, g, request
from flask_smorest import Blueprint
from marshmallow import fields
from sqlalchemy.orm import sessionmaker

from chassis.ground import clock
from contracts.language.schema import Schema
from gateway.auth import clients, events, subjects
from gateway.auth.clients import Principal
from gateway.auth.scopes import EVERYBODY, SCOPES
from gateway.auth.tokens import LIFETIME_SECONDS, Tokens
from gateway.calls import reach
from gateway.http.operations import operation, respond
from gateway.serving import body_limits, connections, rate_limits

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
LONGEST_PURPOSE = 200
GRANTS = ("client_credentials", EXCHANGE)
blueprint = Blueprint("oauth", __name__, description="访问令牌 / Access tokens")


class TokenForm(Schema):
    """The form of RFC 6749, section 4.4.2, or of RFC 8693 for a token per human; the client's id and secret by HTTP Basic, or in
    the form. `purpose`, 2 to 200 characters, is in the audit of every use of the token; ``people:all`` is granted with it alone.
    """

    grant_type = fields.String(required=True)
    scope = fields.String()
    purpose = fields.String()
    subject_token = fields.String()
    subject_token_type = fields.String()
    client_id = fields.String()
    client_secret = fields.String()


class TokenAnswer(Schema):
    """RFC 6749, section 5.1."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True)
    scope = fields.String(required=True)
    issued_token_type = fields.String()


class TokenRefusal(Schema):
    """RFC 6749, section 5.2."""

    error = fields.String(required=True)
    error_description = fields.String(required=True)


class ServerMetadata(Schema):
    """RFC 8414, section 2."""

    issuer = fields.String(required=True)
    token_endpoint = fields.String(required=True)
    jwks_uri = fields.String(required=True)
    scopes_supported = fields.List(fields.String(), required=True)
    response_types_supported = fields.List(fields.String(), required=True)
    grant_types_supported = fields.List(fields.String(), required=True)
    token_endpoint_auth_methods_supported = fields.List(fields.String(), required=True)


class ResourceMetadata(Schema):
    """RFC 9728, section 2."""

    resource = fields.String(required=True)
    authorization_servers = fields.List(fields.String(), required=True)
    scopes_supported = fields.List(fields.String(), required=True)


@operation(
    blueprint,
    "POST",
    "/oauth/token",
    scope=None,
    summary=("获取访问令牌", "Get an access token"),
    body=TokenForm(),
    body_type="application/x-www-form-urlencoded",
    answers={200: TokenAnswer, 400: TokenRefusal, 401: TokenRefusal},
    headers=dict.fromkeys((200, 400, 401), ("Cache-Control",)),
    problems=(429,),
)
def issue_token() -> Response:
    """For the client itself, or, by a channel, for a human it has signed in (RFC 8693): ``subject_token`` is the id.

    Errors are those of RFC 6749, section 5.2, but for the rate limit's.
    """
    rate_limits.require_share_of_address()
    with connections.waiting(), body_limits.arriving_within(body_limits.JSON_SECONDS):
        form = request.form
    if (wrong := _ambiguity(form)) is not None:
        return _error(400, "invalid_request", wrong)
    if form.get("grant_type") not in GRANTS:
        given = form.get("grant_type")
        return _error(
            400, "unsupported_grant_type" if given else "invalid_request", f"grant_type: {' or '.join(GRANTS)}"
        )
    principal = _authenticated(form)
    if principal is None:
        rate_limits.spend_of_address()
        response = _error(401, "invalid_client", "unknown client, wrong secret, or revoked")
        response.headers["WWW-Authenticate"] = 'Basic realm="youth city"'
        return response
    g.principal = principal  # for the log
    exchanged: dict[str, str] = {}
    if form["grant_type"] == EXCHANGE:
        human = subjects.exchange(principal, form.get("subject_token", ""), form.get("subject_token_type", ""))
        if isinstance(human, subjects.Refused):
            return _refused(principal, human.error, human.description)
        g.principal = human  # talent resolves the id in this person's name
        if human.person_id is not None:
            human = dataclasses.replace(human, subject=f"person:{reach.ids_of_self(human.person_id)[0]}")
        principal, exchanged = human, {"issued_token_type": subjects.ACCESS_TOKEN}
    if (purpose := form.get("purpose", "").strip()) and not 2 <= len(purpose) <= LONGEST_PURPOSE:
        return _refused(principal, "invalid_request", f"purpose: 2 to {LONGEST_PURPOSE} characters")
    principal = dataclasses.replace(principal, purpose=purpose or None)
    scopes = frozenset(form.get("scope", "").split()) or (principal.scopes - (frozenset() if purpose else {EVERYBODY}))
    if EVERYBODY in scopes and not purpose:
        return _refused(principal, "invalid_request", f"{EVERYBODY} is granted for a stated purpose")
    if not scopes <= principal.scopes:
        return _refused(principal, "invalid_scope", "this client may have: " + " ".join(sorted(principal.scopes)))
    return _granted(principal, scopes, exchanged)


def _granted(principal: Principal, scopes: frozenset[str], exchanged: dict[str, str]) -> Response:
    """The token; its row of the audit is committed first."""
    detail = {"grant_type": request.form["grant_type"], "scopes": sorted(scopes)}
    detail |= {"purpose": principal.purpose} if principal.purpose else {}
    with _audit() as session:
        events.of_principal(session, "token_granted", principal, now=clock.now(), **_where(detail))
    tokens: Tokens = current_app.extensions["tokens"]
    answer = {
        "access_token": tokens.issue(principal, scopes),
        "token_type": "Bearer",
        "expires_in": LIFETIME_SECONDS,
        "scope": " ".join(sorted(scopes)),
    }
    return _not_stored(answer | exchanged, 200)


def _refused(principal: Principal, error: str, description: str) -> Response:
    """A known client may not have this token."""
    said = {"grant_type": request.form["grant_type"], "error": error}
    with _audit() as session:
        events.of_principal(session, "token_refused", principal, now=clock.now(), **_where(said))
    return _error(400, error, description)


def _authenticated(form: Any) -> Principal | None:
    """The client whose credentials these are. A failure is counted, and is in the audit under the id it claimed.

    Raises QuotaExceeded.
    """
    credentials = _credentials(form)
    principal = None
    if credentials is not None:
        rate_limits.require_share_of_credentials(credentials[0])
        if "\x00" not in "".join(credentials):
            principal = clients.authenticate(current_app.extensions["database"], *credentials)
        if principal is None:
            rate_limits.spend_of_credentials(credentials[0])
    if principal is None:
        claimed = credentials[0] if credentials else None
        detail = {"grant_type": form["grant_type"], "error": "invalid_client"}
        with _audit() as session:
            events.of_stranger(session, "token_refused", claimed, now=clock.now(), **_where(detail))
    return principal


def _audit() -> Any:
    return sessionmaker(current_app.extensions["database"]).begin()


def _where(detail: dict[str, Any]) -> dict[str, Any]:
    return {"request_id": g.request_id, "address": request.remote_addr, "detail": detail}


def _ambiguity(form: Any) -> str | None:
    """Why it cannot be said which credentials are meant (RFC 6749, sections 2.3 and 3.2); None where it can."""
    if any(len(values) > 1 for _, values in form.lists()):
        return "a parameter is given more than once"
    if request.headers.get("Authorization", "").lower().startswith("basic ") and "client_secret" in form:
        return "credentials by HTTP Basic or in the form, not both"
    return None


def _credentials(form: Any) -> tuple[str, str] | None:
    kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            client_id, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return None
        named = unquote_plus(client_id)
        return (named, unquote_plus(secret)) if colon and form.get("client_id", named) == named else None
    if form.get("client_id") and form.get("client_secret"):
        return form["client_id"], form["client_secret"]
    return None


def _error(status: int, error: str, description: str) -> Response:
    return _not_stored({"error": error, "error_description": description}, status)


def _not_stored(body: dict[str, Any], status: int) -> Response:
    response = respond((body, status))
    response.headers["Cache-Control"] = "no-store"
    return response


@operation(
    blueprint,
    "GET",
    "/.well-known/jwks.json",
    scope=None,
    summary=("令牌公钥", "Public keys of our tokens"),
    media=("application/jwk-set+json",),
)
def get_jwks() -> Response:
    return Response(current_app.extensions["tokens"].public_keys(), mimetype="application/jwk-set+json")


@operation(
    blueprint,
    "GET",
    "/.well-known/oauth-authorization-server",
    scope=None,
    summary=("授权服务器元数据", "Authorization server metadata (RFC 8414)"),
    answers={200: ServerMetadata},
)
def get_authorization_server() -> dict[str, Any]:
    url = current_app.config["PUBLIC_URL"]
    return {
        "issuer": url,
        "token_endpoint": f"{url}/oauth/token",
        "jwks_uri": f"{url}/.well-known/jwks.json",
        "scopes_supported": list(SCOPES),
        "response_types_supported": [],
        "grant_types_supported": list(GRANTS),
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    }


@operation(
    blueprint,
    "GET",
    "/.well-known/oauth-protected-resource",
    scope=None,
    summary=("受保护资源元数据", "Protected resource metadata (RFC 9728)"),
    answers={200: ResourceMetadata},
)
def get_protected_resource() -> dict[str, Any]:
    url = current_app.config["PUBLIC_URL"]
    return {"resource": url, "authorization_servers": [url], "scopes_supported": list(SCOPES)}
