"""Passes (凭证): an entitlement as a signed token, which a gate can verify without asking anybody.

Lives here: signing and reading tokens. A token is a compact JWS (RFC 7515) signed with Ed25519 (RFC 9864); its key id leads
to the key, so passes signed before a rotation stay valid while their key is kept. Not here: whether it admits
(``redemptions``).
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as insert_once

from chassis.keys import KeyProblem, read_key_file
from chassis.settings import ServiceSettings
from chassis.work import Work
from contracts.refusals import Refusal
from services.perks import entitlements
from services.perks.tables import Base

TYPE = "youthcity-pass+jws"
_ALGORITHMS = ["Ed25519"]
_READ_KEPT = 4_096

CANARIES = Base.metadata.tables["key_canaries"]
CANARY = "pass_signing"


class PassUnreadable(Refusal):
    """Not a pass of this city: malformed, forged, or signed with an unknown key."""

    kind = "unprocessable"
    code = "perks.pass_unreadable"
    zh = "这不是有效的凭证，请让持有人重新打开凭证。"
    en = "This is not a valid pass. Ask the holder to open it again."


class PassExpired(Refusal):
    """The pass is past its date; the entitlement may still hold."""

    kind = "gone"
    code = "perks.pass_expired"
    zh = "凭证已过期，请让持有人重新获取。"
    en = "The pass has expired. Ask the holder to get a new one."


class EntitlementSuspended(Refusal):
    """No pass is issued while the entitlement is suspended."""

    kind = "conflict"
    code = "perks.entitlement_suspended"
    zh = "该权益已暂停，不能生成凭证。"
    en = "The entitlement is suspended; no pass can be issued."


@dataclass(frozen=True)
class PassClaims:
    """What a pass says."""

    entitlement_id: UUID
    scheme_key: str
    holder: str
    expires_at: dt.datetime
    digest: bytes


class PassKeys:
    """The signing keys: a JWK set with the id of the current one, ``{"current": kid, "keys": [JWK, …], "demo": false}``."""

    def __init__(self, key_set: KeySet, current: str) -> None:
        self._keys = key_set
        self._current = current
        # a pass is scanned again and again; its signature need not be checked each time
        self._read = functools.lru_cache(maxsize=_READ_KEPT)(self._verified)

    @classmethod
    def from_file(cls, path: Path, *, is_dev: bool) -> PassKeys:
        """Read the key set; raises KeyProblem."""
        found = read_key_file(path, is_dev=is_dev)
        try:
            key_set = KeySet.import_key_set(cast("KeySetSerialization", {"keys": found["keys"]}))
            current = str(found["current"])
            key_set.get_by_kid(current)
        except (KeyError, ValueError, TypeError, JoseError) as error:
            raise KeyProblem(f"{path} is not a key set with a current key: {error!r}") from error
        return cls(key_set, current)

    @property
    def current(self) -> str:
        """The id of the key new passes are signed with."""
        return self._current

    def sign(self, claims: dict[str, Any]) -> str:
        """A token over the claims."""
        header = {"alg": "Ed25519", "kid": self._current, "typ": TYPE}
        body = json.dumps(claims, ensure_ascii=False, separators=(",", ":")).encode()
        return jws.serialize_compact(header, body, self._keys.get_by_kid(self._current), algorithms=_ALGORITHMS)

    def read(self, token: str) -> PassClaims:
        """The claims of a token, expired or not. Raises PassUnreadable."""
        return self._read(token)

    def signed_by(self, token: str) -> str:
        """The id of the key a token was signed with. Raises PassUnreadable unless one of these keys signed it."""
        try:
            return str(jws.deserialize_compact(token, self._keys, algorithms=_ALGORITHMS).headers()["kid"])
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise PassUnreadable() from error

    def _verified(self, token: str) -> PassClaims:
        try:
            opened = jws.deserialize_compact(token, self._keys, algorithms=_ALGORITHMS)
            if opened.headers().get("typ") != TYPE:
                raise ValueError("another type of token")
            claims = json.loads(opened.payload)
            return PassClaims(
                entitlement_id=UUID(claims["entitlement_id"]),
                scheme_key=str(claims["scheme"]),
                holder=str(claims["holder"]),
                expires_at=dt.datetime.fromtimestamp(int(claims["exp"]), dt.UTC),
                digest=hashlib.sha256(token.encode()).digest(),
            )
        except (JoseError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise PassUnreadable() from error


def load_keys(settings: ServiceSettings) -> PassKeys:
    """The keys a process signs and reads passes with; raises KeyProblem, so that it does not start without them."""
    return PassKeys.from_file(settings.key_dir / f"{CANARY}.json", is_dev=settings.is_dev)


def prove(work: Work, keys: PassKeys) -> None:
    """Refuse keys that do not know the key this database's passes were last signed with. Raises KeyProblem.

    After a rotation the canary is signed anew, so a former key may go once its passes have expired.
    """
    signed = keys.sign({"canary": CANARY}).encode()
    first = insert_once(CANARIES).values(name=CANARY, sealed=signed).on_conflict_do_nothing()
    work.session.execute(first)
    stored = work.session.execute(select(CANARIES.c.sealed).where(CANARIES.c.name == CANARY)).scalar_one()
    try:
        signer = keys.signed_by(bytes(stored).decode())
    except PassUnreadable as error:
        raise KeyProblem(f"key set {CANARY} is not the one this database's passes were signed with") from error
    if signer != keys.current:
        work.session.execute(update(CANARIES).where(CANARIES.c.name == CANARY).values(sealed=signed))


def issue_pass(work: Work, *, keys: PassKeys, valid: dt.timedelta, entitlement_id: UUID, holder: str) -> dict[str, Any]:
    """A pass for an active entitlement; `holder` is the masked name the gate shows.

    Raises EntitlementNotFound, EntitlementSuspended.
    """
    row = entitlements.get_entitlement(work, entitlement_id=entitlement_id)
    if row["state"] != entitlements.ACTIVE:
        raise EntitlementSuspended()
    expires_at = (work.now + valid).replace(microsecond=0)
    token = keys.sign(
        {
            "entitlement_id": str(entitlement_id),
            "scheme": row["scheme_key"],
            "holder": holder,
            "iat": int(work.now.timestamp()),
            "exp": int(expires_at.timestamp()),
        }
    )
    return {
        "token": token,
        "entitlement_id": entitlement_id,
        "scheme_key": row["scheme_key"],
        "holder": holder,
        "expires_at": expires_at,
        "key_id": keys.current,
    }
