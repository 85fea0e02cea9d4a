"""Idempotency keys: the same write under the same key has one effect and one answer.

Lives here: claiming a key, replaying its stored reply, refusing its misuse. The key stands in the same transaction as the
effect, so neither is ever there without the other. Source: draft-ietf-httpapi-idempotency-key-header-07.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from chassis.store.work import Work
from contracts.language.refusals import Refusal

KEPT = dt.timedelta(hours=48)

# One statement: the lock keeps a second request under the same key out while the first runs, the insert keeps it out for
# good. The lock comes first (materialized), and a conflict with a row committed meanwhile inserts nothing.
_CLAIM = text(
    """
    with locked as materialized (select pg_try_advisory_xact_lock(:lock) as mine)
    insert into idempotency_keys (client_id, key, method, fingerprint, created_at)
    select :client_id, :key, :method, :fingerprint, :created_at from locked where mine
    on conflict do nothing returning true
    """
)
_STORED = text(
    """select method, fingerprint, reply from idempotency_keys where client_id = :client_id and key = :key"""
)
STORE = """update idempotency_keys set reply = :reply where client_id = :client_id and key = :key"""
_STORE = text(STORE)
_PURGE = text(
    """
    delete from idempotency_keys where ctid = any(array(
    select ctid from idempotency_keys where created_at < :before limit :at_most))
    """
)


class IdempotencyKeyMissing(Refusal):
    """A write without a key; the gateway makes one where its client sends none."""

    kind = "invalid"
    code = "chassis.idempotency_key_missing"
    zh = "写操作必须带幂等键。"
    en = "A write needs an idempotency key."


class IdempotencyKeyReused(Refusal):
    """The key was used for another request."""

    kind = "unprocessable"
    code = "chassis.idempotency_key_reused"
    zh = "该幂等键已用于内容不同的请求，请换一个新的幂等键。"
    en = "This idempotency key was used for a different request. Use a new key."


class RequestInProgress(Refusal):
    """The first request under this key has not ended."""

    kind = "conflict"
    code = "chassis.request_in_progress"
    zh = "同一幂等键的请求正在处理中，请稍后重试。"
    en = "A request with this idempotency key is still being processed. Try again shortly."


def run(
    work: Work,
    method: str,
    fields: Mapping[str, Any],
    effect: Callable[[], Any],
    *,
    store: Callable[[Any, dict[str, Any]], None] | None = None,
) -> Any:
    """The reply of `effect()`, called at most once per (client, key); later calls get the stored reply.

    `store(reply, parameters)` sends ``STORE`` with these parameters, in a statement together with something else. The reply
    must be plain JSON, already masked. Raises IdempotencyKeyMissing, IdempotencyKeyReused (422) and
    RequestInProgress (409). A refusal by `effect` stores nothing: it is evaluated again next time.
    """
    caller = work.caller
    if caller.idempotency_key is None:
        raise IdempotencyKeyMissing()
    names = {"client_id": caller.client_id, "key": caller.idempotency_key}
    fingerprints = _fingerprints(work.fingerprint_keys, method, fields)
    connection = work.session.connection()
    claim = {
        **names,
        "lock": _lock_number(caller.client_id, caller.idempotency_key),
        "method": method,
        "fingerprint": fingerprints[0],
        "created_at": work.now,
    }
    if connection.execute(_CLAIM, claim).scalar() is None:
        return _replay(work, names, method, fingerprints)
    reply = effect()
    kept = {**names, "reply": json.dumps(reply, ensure_ascii=False)}
    if store is not None:
        store(reply, kept)
    else:
        connection.execute(_STORE, kept)
    return reply


def _replay(work: Work, names: dict[str, str], method: str, fingerprints: list[bytes]) -> Any:
    stored = work.session.connection().execute(_STORED, names).one_or_none()
    if stored is None:
        raise RequestInProgress(retry_after=1)
    if stored.method != method or bytes(stored.fingerprint) not in fingerprints:
        raise IdempotencyKeyReused()
    work.replayed = True
    return stored.reply


def purge(session: Session, now: dt.datetime, *, at_most: int = 5000) -> int:
    """Forget keys older than KEPT, so many at a time; how many were forgotten."""
    result: Any = session.connection().execute(_PURGE, {"before": now - KEPT, "at_most": at_most})
    return int(result.rowcount)


def _fingerprints(keys: Sequence[bytes], method: str, fields: Mapping[str, Any]) -> list[bytes]:
    """One per key, the current key's first: a retry across a key rotation is still the same request. Keyed, because what
    is hashed may be an ID number and such hashes can be guessed back. Without `version`: it says what the caller had read, not
    what it asks for, and ``If-Match: *`` is another number once the first request has taken effect.
    """
    requested = {name: value for name, value in fields.items() if name != "version"}
    canonical = json.dumps([method, requested], sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    return [hmac.digest(key, canonical, "sha256") for key in keys or (b"",)]


def _lock_number(client_id: str, key: str) -> int:
    digest = hashlib.blake2b(f"{client_id}\x00{key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
