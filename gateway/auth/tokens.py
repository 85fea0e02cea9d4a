"""Access tokens: JWTs of RFC 9068, signed with Ed25519, verified in the gateway itself.

Lives here: issuing, verifying, the public keys. Several gateways share the key set ``token_signing``; an older key of it
still verifies. A token lives 15 minutes, which is also how long a revoked client's last one does.
"""

from __future__ import annotations

import json
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from chassis.keys.signed_tokens import read_key_set
from gateway.auth.clients import Principal
from gateway.http.problems import Problem

LIFETIME_SECONDS = 900
_ALGORITHMS = ["Ed25519"]
_KEPT = 10_000
_LONGEST = 8_192


class TokenMissing(Problem):
    """No bearer token came with the request."""

    status = 401
    code = "token_missing"
    zh = "请求缺少访问令牌，请在 Authorization 头中携带 Bearer 令牌（通过 POST /oauth/token 获取）。"
    en = "The request has no access token. Send one as Authorization: Bearer; POST /oauth/token gives it."


class TokenInvalid(Problem):
    """The token is malformed, forged, expired or meant for somebody else."""

    status = 401
    code = "token_invalid"
    zh = "访问令牌无效或已过期，请重新获取。"
    en = "The access token is not valid or has expired. Get a new one."


class Tokens:
    """Issues and verifies tokens of one issuer for one audience."""

    def __init__(self, key_set: KeySet, current: str, *, issuer: str) -> None:
        self._keys = key_set
        self._current = current
        self._issuer = self._audience = issuer
        # tokens verified lately, until they expire: an Ed25519 check per request would be the dearest step of all
        self._verified: OrderedDict[str, tuple[float, Principal]] = OrderedDict()

    @classmethod
    def from_file(cls, path: Path, *, is_dev: bool, issuer: str) -> Tokens:
        """Read the key set; raises KeyProblem."""
        return cls(*read_key_set(path, is_dev=is_dev), issuer=issuer)

    def issue(self, principal: Principal, scopes: frozenset[str]) -> str:
        """A token for `principal`, good for `scopes`."""
        now = int(time.time())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": principal.subject or principal.client_id,
            "client_id": principal.client_id,
            "client_type": principal.type,
            "bound_to": list(principal.bound_to),
            "department": principal.department,
            "scope": " ".join(sorted(scopes)),
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
            "jti": secrets.token_hex(16),
        }
        if principal.purpose is not None:
            claims["purpose"] = principal.purpose
        header = {"alg": "Ed25519", "typ": "at+jwt", "kid": self._current}
        return jwt.encode(header, claims, self._keys.get_by_kid(self._current), algorithms=_ALGORITHMS)

    def verify(self, token: str) -> Principal:
        """Who the token speaks for. Raises TokenInvalid."""
        known = self._verified.get(token)
        if known is not None and known[0] > time.time():
            return known[1]
        expires_at, principal = self._check(token)
        self._verified[token] = (expires_at, principal)
        if len(self._verified) > _KEPT:
            self._verified.popitem(last=False)
        return principal

    def _check(self, token: str) -> tuple[float, Principal]:
        try:
            if len(token) > _LONGEST or not token.isascii():
                raise ValueError("not a token")
            opened = jwt.decode(token, self._keys, algorithms=_ALGORITHMS)
            claims: dict[str, Any] = opened.claims
            if opened.header.get("typ") != "at+jwt":
                raise ValueError("not an access token")
            if claims["iss"] != self._issuer or claims["aud"] != self._audience:
                raise ValueError("issued by or for somebody else")
            expires_at = float(claims["exp"])
            if expires_at <= time.time() or float(claims["iat"]) > time.time() + 60:
                raise ValueError("not valid now")
            scopes = frozenset(str(claims["scope"]).split())
            return expires_at, _principal(claims, scopes)
        except (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise TokenInvalid(headers={"WWW-Authenticate": 'Bearer error="invalid_token"'}) from None

    def public_keys(self) -> bytes:
        """The JWK set (RFC 7517) others verify our tokens with."""
        return json.dumps(self._keys.as_dict(private=False)).encode()


def _principal(claims: Mapping[str, Any], scopes: frozenset[str]) -> Principal:
    client_id, subject = str(claims["client_id"]), str(claims["sub"])
    return Principal(
        client_id,
        str(claims["department"]),
        scopes,
        # a token of version 0.1, which lives a quarter of an hour, names no type
        type=str(claims.get("client_type", "system")),
        subject=None if subject == client_id else subject,
        bound_to=tuple(str(one) for one in claims.get("bound_to", ())),
        purpose=str(claims["purpose"]) if "purpose" in claims else None,
    )
