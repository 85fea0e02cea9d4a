"""Registered clients: a department's systems, their scopes and secrets.

Lives here: registering, rotating, revoking, and checking a secret. A secret is shown once, when it is made.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from gateway.auth.scopes import SCOPES
from gateway.tables import Client, ClientSecret

LIVE_SECRETS = 2
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class ClientProblem(Exception):
    """The registration cannot be made; says why in both languages."""

    def __init__(self, *, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True)
class Principal:
    """Who a valid token speaks for."""

    client_id: str
    department: str
    scopes: frozenset[str]


def register(engine: Engine, *, name: str, department: str, scopes: Sequence[str], now: dt.datetime) -> tuple[str, str]:
    """A new client; returns its id and its secret. Raises ClientProblem."""
    for what, value in (("name", name), ("department", department)):
        if not _NAME.fullmatch(value):
            raise ClientProblem(
                zh=f"{what} 只能用小写字母、数字、_ 和 -，最多 40 个字符",
                en=f"{what} takes lower-case letters, digits, _ and -, at most 40",
            )
    if unknown := set(scopes) - SCOPES.keys():
        strange, known = ", ".join(sorted(unknown)), ", ".join(SCOPES)
        raise ClientProblem(
            zh=f"没有这样的权限范围：{strange}；现有 {known}", en=f"unknown scope {strange}; there are {known}"
        )
    client_id = f"{name}-{secrets.token_hex(4)}"
    row = {"id": client_id, "name": name, "department": department, "scopes": sorted(scopes), "created_at": now}
    with Session(engine) as session, session.begin():
        session.execute(insert(Client), [row])
        return client_id, _new_secret(session, client_id, now)


def rotate(engine: Engine, client_id: str, *, now: dt.datetime) -> str:
    """A further secret for a client; the oldest ends where more than LIVE_SECRETS would live. Raises ClientProblem."""
    with Session(engine) as session, session.begin():
        if _locked(session, client_id).revoked_at is not None:
            raise ClientProblem(zh=f"客户端 {client_id} 已撤销", en=f"client {client_id} is revoked")
        live = select(ClientSecret).where(ClientSecret.client_id == client_id, ClientSecret.revoked_at.is_(None))
        for old in session.scalars(live.order_by(ClientSecret.created_at.desc()).offset(LIVE_SECRETS - 1)):
            old.revoked_at = now
        return _new_secret(session, client_id, now)


def revoke(engine: Engine, client_id: str, *, now: dt.datetime) -> None:
    """No more tokens for a client; those it holds end by themselves within their lifetime. Raises ClientProblem."""
    with Session(engine) as session, session.begin():
        client = _locked(session, client_id)
        client.revoked_at = client.revoked_at or now


def all_clients(engine: Engine) -> Sequence[Client]:
    """Every client, by name."""
    with Session(engine, expire_on_commit=False) as session:
        return session.scalars(select(Client).order_by(Client.name, Client.id)).all()


def authenticate(engine: Engine, client_id: str, secret: str) -> Principal | None:
    """The client this id and secret belong to; None for a wrong or revoked one. One statement."""
    statement = (
        select(Client)
        .join(ClientSecret, ClientSecret.client_id == Client.id)
        .where(
            Client.id == client_id,
            ClientSecret.sha256 == _hash(secret),
            ClientSecret.revoked_at.is_(None),
            Client.revoked_at.is_(None),
        )
    )
    with Session(engine) as session:
        found = session.scalar(statement)
        return Principal(found.id, found.department, frozenset(found.scopes)) if found else None


def _locked(session: Session, client_id: str) -> Client:
    """The client, locked: no other transaction changes its secrets before this one ends."""
    client = session.get(Client, client_id, with_for_update=True)
    if client is None:
        raise ClientProblem(zh=f"未找到客户端 {client_id}", en=f"no client {client_id}")
    return client


def _new_secret(session: Session, client_id: str, now: dt.datetime) -> str:
    secret = secrets.token_urlsafe(32)
    row = {"sha256": _hash(secret), "client_id": client_id, "created_at": now}
    session.execute(insert(ClientSecret), [row])
    return secret


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
