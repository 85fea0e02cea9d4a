"""Signed tokens (passes, tickets): what a scanner can verify offline.

Lives here: the key set of a service, signing, reading, and the proof that the keys belong to the database. A token is a
compact JWS (RFC 7515) signed with Ed25519 (RFC 9864); its key id leads to the key, so tokens signed before a rotation stay
valid while their key is kept. Not here: what a token says, and whether it admits.
"""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization
from sqlalchemy import MetaData, select, update
from sqlalchemy.dialects.postgresql import insert as insert_once

from chassis.ground.settings import ServiceSettings
from chassis.keys.rings import KeyProblem, read_key_file
from chassis.store.tables import _key_canaries
from chassis.store.work import Work
from contracts.language.refusals import Refusal

_ALGORITHMS = ["Ed25519"]
_READ_KEPT = 4_096
CANARIES = _key_canaries(MetaData())

Claims = TypeVar("Claims")


def read_key_set(path: Path, *, is_dev: bool) -> tuple[KeySet, str]:
    """A JWK set with the id of its current key, ``{"current": kid, "keys": [JWK, …], "demo": false}``. Raises KeyProblem."""
    found = read_key_file(path, is_dev=is_dev)
    try:
        key_set = KeySet.import_key_set(cast("KeySetSerialization", {"keys": found["keys"]}))
        current = str(found["current"])
        key_set.get_by_kid(current)
    except (KeyError, ValueError, TypeError, JoseError) as error:
        raise KeyProblem(f"{path} is not a key set with a current key: {error!r}") from error
    return key_set, current


class SigningKeys(Generic[Claims]):
    """The signing keys, as ``read_key_set`` reads them.

    A subclass names its key set, the type in the header of its tokens, the refusal of what is none, and how claims are read.
    """

    name: str
    token_type: str
    unreadable: type[Refusal]

    def __init__(self, key_set: KeySet, current: str) -> None:
        self._keys = key_set
        self._current = current
        # a token is scanned again and again; its signature need not be checked each time
        self._read = functools.lru_cache(maxsize=_READ_KEPT)(self._verified)

    @classmethod
    def load(cls, settings: ServiceSettings) -> Any:
        """The keys a process signs and reads with; raises KeyProblem, so that it does not start without them."""
        return cls.from_file(settings.key_dir / f"{cls.name}.json", is_dev=settings.is_dev)

    @classmethod
    def from_file(cls, path: Path, *, is_dev: bool) -> Any:
        """Read the key set; raises KeyProblem."""
        return cls(*read_key_set(path, is_dev=is_dev))

    @property
    def current(self) -> str:
        """The id of the key new tokens are signed with."""
        return self._current

    def claims_of(self, claims: dict[str, Any], digest: bytes) -> Claims:
        """The claims of a verified token; what is missing or malformed raises KeyError, ValueError or TypeError."""
        raise NotImplementedError

    def sign(self, claims: dict[str, Any]) -> str:
        """A token over the claims."""
        header = {"alg": "Ed25519", "kid": self._current, "typ": self.token_type}
        body = json.dumps(claims, ensure_ascii=False, separators=(",", ":")).encode()
        return jws.serialize_compact(header, body, self._keys.get_by_kid(self._current), algorithms=_ALGORITHMS)

    def read(self, token: str) -> Claims:
        """The claims of a token, expired or not. Raises the refusal `unreadable`."""
        return self._read(token)

    def signed_by(self, token: str) -> str:
        """The id of the key a token was signed with. Raises the refusal `unreadable` unless one of these keys signed it."""
        try:
            return str(jws.deserialize_compact(token, self._keys, algorithms=_ALGORITHMS).headers()["kid"])
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise self.unreadable() from error

    def _verified(self, token: str) -> Claims:
        try:
            opened = jws.deserialize_compact(token, self._keys, algorithms=_ALGORITHMS)
            if opened.headers().get("typ") != self.token_type:
                raise ValueError("another type of token")
            return self.claims_of(json.loads(opened.payload), hashlib.sha256(token.encode()).digest())
        except (JoseError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise self.unreadable() from error


def prove(work: Work, keys: SigningKeys[Any]) -> None:
    """Refuse keys that do not know the key this database's tokens were last signed with. Raises KeyProblem.

    After a rotation the canary is signed anew, so a former key may go once its tokens have expired.
    """
    signed = keys.sign({"canary": keys.name}).encode()
    first = insert_once(CANARIES).values(name=keys.name, sealed=signed).on_conflict_do_nothing()
    work.session.execute(first)
    stored = work.session.execute(select(CANARIES.c.sealed).where(CANARIES.c.name == keys.name)).scalar_one()
    try:
        signer = keys.signed_by(bytes(stored).decode())
    except keys.unreadable as error:
        raise KeyProblem(f"key set {keys.name} is not the one this database's tokens were signed with") from error
    if signer != keys.current:
        work.session.execute(update(CANARIES).where(CANARIES.c.name == keys.name).values(sealed=signed))
