"""Keyrings, field encryption and lookup hashes.

Lives here: reading keys, sealing a field so that it opens only in its own row and column (AES-256-GCM), hashing a value so
that it can be found without being readable (HMAC-SHA256), and the canary that refuses to start with a wrong key. A keyring
is a JSON file, mode 0600: ``{"current": "2026a", "keys": {"2026a": "<base64, 32 bytes>"}, "demo": false}``. To rotate, add a
key and name it current; old ones stay for reading.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import text
from sqlalchemy.orm import Session

_FORMAT = b"\x01"
_NONCE_BYTES = 12
_CANARY = "youth city"


class KeyProblem(Exception):
    """A key is missing, readable by others, malformed, wrong, or a demo key outside dev. The process must not start."""


@dataclass(frozen=True)
class KeyRing:
    """Named 256-bit keys, one of them current."""

    name: str
    current: str
    keys: dict[str, bytes] = field(repr=False)  # a ring in a traceback shows its name alone

    @property
    def current_key(self) -> bytes:
        return self.keys[self.current]


def read_key_file(path: Path, *, is_dev: bool) -> dict[str, object]:
    """The JSON of a key file. Raises KeyProblem unless it is private to its owner, well-formed and allowed here."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise KeyProblem(f"{path} may be read by others; set its mode to 0600")
        found = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise KeyProblem(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise KeyProblem(f"{path} is not a JSON object")
    if found.get("demo") and not is_dev:
        raise KeyProblem(f"{path} holds demo keys; they are refused unless YOUTHCITY_ENV=dev")
    return found


def read_keyring(folder: Path, name: str, *, is_dev: bool) -> KeyRing:
    """The keyring ``<folder>/<name>.json``; raises KeyProblem."""
    found = read_key_file(folder / f"{name}.json", is_dev=is_dev)
    try:
        keys = {str(key_id): base64.b64decode(value) for key_id, value in dict(found["keys"]).items()}  # type: ignore[call-overload]
        ring = KeyRing(name, str(found["current"]), keys)
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise KeyProblem(f"keyring {name} is malformed: {error!r}") from error
    if ring.current not in keys or any(len(key) != 32 for key in keys.values()):
        raise KeyProblem(f"keyring {name}: `current` must name a key and every key be 32 bytes")
    return ring


class FieldCipher:
    """Seals single fields. What is sealed for one row and column opens for no other."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring
        self._ciphers = {key_id: AESGCM(key) for key_id, key in ring.keys.items()}
        self._prefix = _FORMAT + bytes([len(ring.current)]) + ring.current.encode()

    def seal(self, plaintext: str | bytes, *, row: str, column: str) -> bytes:
        """Format byte, key id, nonce, ciphertext and tag."""
        data = plaintext.encode() if isinstance(plaintext, str) else plaintext
        nonce = os.urandom(_NONCE_BYTES)
        return self._prefix + nonce + self._ciphers[self._ring.current].encrypt(nonce, data, _bound(row, column))

    def open_bytes(self, sealed: bytes, *, row: str, column: str) -> bytes:
        """The plaintext; raises KeyProblem if it was not sealed for this row and column by a key of the ring."""
        sealed = bytes(sealed)
        end = 2 + sealed[1] if len(sealed) > 2 and sealed[:1] == _FORMAT else 0
        cipher = self._ciphers.get(sealed[2:end].decode("ascii", "replace"))
        if cipher is None:
            raise KeyProblem(f"no key of ring {self._ring.name} opens this field")
        nonce, ciphertext = sealed[end : end + _NONCE_BYTES], sealed[end + _NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, ciphertext, _bound(row, column))
        except (InvalidTag, ValueError) as error:
            raise KeyProblem(f"ring {self._ring.name}: wrong key, or the field was moved or changed") from error

    def open(self, sealed: bytes, *, row: str, column: str) -> str:
        """As `open_bytes`, for text."""
        return self.open_bytes(sealed, row=row, column=column).decode()


class LookupHash:
    """Finds a value without holding it: HMAC-SHA256 under a key of its own, a different hash for each column."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def of(self, value: str, *, column: str) -> bytes:
        """The hash under the current key, as stored."""
        return hmac.digest(self._ring.current_key, f"{column}\x00{value}".encode(), "sha256")

    def all_of(self, value: str, *, column: str) -> list[bytes]:
        """The hashes under every key of the ring: what to look for while keys rotate."""
        return [hmac.digest(key, f"{column}\x00{value}".encode(), "sha256") for key in self._ring.keys.values()]


def check_canary(session: Session, ring: KeyRing) -> None:
    """Refuse to go on with a keyring that is not the one this database was written with. Raises KeyProblem."""
    cipher = FieldCipher(ring)
    sealed = cipher.seal(_CANARY, row=ring.name, column="canary")
    session.execute(
        text("""insert into key_canaries (name, sealed) values (:name, :sealed) on conflict do nothing"""),
        {"name": ring.name, "sealed": sealed},
    )
    stored = session.scalar(text("""select sealed from key_canaries where name = :name"""), {"name": ring.name})
    if cipher.open(bytes(stored or b""), row=ring.name, column="canary") != _CANARY:
        raise KeyProblem(f"keyring {ring.name} is not the one this database was written with")


def _bound(row: str, column: str) -> bytes:
    return f"{row}\x00{column}".encode()
