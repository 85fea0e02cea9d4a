"""Registered clients: systems, channels, devices, operators and auditors, with their scopes and secrets.

Lives here: registering, changing, rotating, revoking, and checking a secret. A secret is shown once, when it is made. What
becomes of a client is in the audit, in the same transaction (``events``).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Engine, func, insert, or_, select
from sqlalchemy.orm import Session

from chassis.ground import clock
from gateway.auth import events
from gateway.auth.scopes import DUTIES, EVERYBODY, REPLACED, SCOPES, TYPES, replacing
from gateway.tables import Client, ClientSecret

LIVE_SECRETS = 2
#: How long a secret may live that reaches everybody.
LONGEST_EVERYBODY = dt.timedelta(days=366)
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class ClientProblem(Exception):
    """The registration cannot be made; says why in both languages."""

    def __init__(self, *, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True)
class Principal:
    """Who a valid token speaks for: a client, and where there is one the human it acts for.

    `subject` is ``person:<id>`` or ``staff:<id>``; `bound_to` are the places or activities of a device; `purpose` is what the
    token is for, where the client has stated it.
    """

    client_id: str
    department: str
    scopes: frozenset[str]
    type: str = "system"
    subject: str | None = None
    bound_to: tuple[str, ...] = ()
    purpose: str | None = None

    @property
    def person_id(self) -> str | None:
        """The person the client acts for."""
        kind, _, subject_id = (self.subject or "").partition(":")
        return subject_id if kind == "person" else None


class Registration(NamedTuple):
    """What a client is registered with."""

    name: str
    department: str
    scopes: Collection[str]
    type: str = "system"
    bound_to: Collection[UUID] = ()


def register(
    engine: Engine, wanted: Registration, *, now: dt.datetime, expires_at: dt.datetime | None = None
) -> tuple[str, str]:
    """A new client; returns its id and its secret, which ends at `expires_at` where one is given. Raises ClientProblem."""
    _check(wanted)
    _check_end(wanted.scopes, now, expires_at)
    client_id = f"{wanted.name}-{secrets.token_hex(4)}"
    row = {
        **wanted._asdict(),
        "id": client_id,
        "scopes": sorted(wanted.scopes),
        "bound_to": sorted(wanted.bound_to),
        "created_at": now,
    }
    with Session(engine) as session, session.begin():
        session.execute(insert(Client), [row])
        said = {
            "type": wanted.type,
            "scopes": row["scopes"],
            "bound_to": [str(place) for place in sorted(wanted.bound_to)],
        }
        events.of_clerk(session, "client_registered", client_id, wanted.department, now=now, **said)
        return client_id, _new_secret(session, client_id, now, expires_at)


def _check(wanted: Registration) -> None:
    for what, value in (("name", wanted.name), ("department", wanted.department)):
        if not _NAME.fullmatch(value):
            raise ClientProblem(
                zh=f"{what} 只能用小写字母、数字、_ 和 -，最多 40 个字符",
                en=f"{what} takes lower-case letters, digits, _ and -, at most 40",
            )
    if unknown := set(wanted.scopes) - SCOPES.keys():
        strange, known = ", ".join(sorted(unknown)), ", ".join(SCOPES)
        raise ClientProblem(
            zh=f"没有这样的权限范围：{strange}；现有 {known}", en=f"unknown scope {strange}; there are {known}"
        )
    if foreign := set(wanted.scopes) - TYPES[wanted.type]:
        strange = ", ".join(sorted(foreign))
        raise ClientProblem(
            zh=f"{wanted.type} 类客户端不能有权限范围 {strange}",
            en=f"a client of type {wanted.type} cannot have {strange}",
        )
    if sum(bool(duty & set(wanted.scopes)) for duty in DUTIES) > 1:
        raise ClientProblem(
            zh="运维、客户端管理与审计的权限不能同属一个客户端",
            en="operating, clients and audit are duties of different clients",
        )
    if (wanted.type == "device") != bool(wanted.bound_to):
        raise ClientProblem(
            zh="设备须以 --bound-to 绑定场所或活动，其他类型不绑定",
            en="a device is bound to places or activities with --bound-to, other types to none",
        )


def _check_end(scopes: Collection[str], now: dt.datetime, expires_at: dt.datetime | None) -> None:
    if EVERYBODY in scopes and (expires_at is None or expires_at > now + LONGEST_EVERYBODY):
        days = LONGEST_EVERYBODY.days
        raise ClientProblem(
            zh=f"有 {EVERYBODY} 的客户端，密钥须在 {days} 天内到期（--valid-for DAYS）",
            en=f"the secret of a client with {EVERYBODY} ends within {days} days (--valid-for DAYS)",
        )


def rotate(engine: Engine, client_id: str, *, now: dt.datetime, expires_at: dt.datetime | None = None) -> str:
    """A further secret for a client; the oldest ends where more than LIVE_SECRETS would live. Raises ClientProblem."""
    with Session(engine) as session, session.begin():
        client = _locked(session, client_id)
        if client.revoked_at is not None:
            raise ClientProblem(zh=f"客户端 {client_id} 已撤销", en=f"client {client_id} is revoked")
        _check_end(client.scopes, now, expires_at)
        live = select(ClientSecret).where(ClientSecret.client_id == client_id, ClientSecret.revoked_at.is_(None))
        for old in session.scalars(live.order_by(ClientSecret.created_at.desc()).offset(LIVE_SECRETS - 1)):
            old.revoked_at = now
        events.of_clerk(session, "client_rotated", client_id, client.department, now=now)
        return _new_secret(session, client_id, now, expires_at)


def revoke(engine: Engine, client_id: str, *, now: dt.datetime) -> None:
    """No more tokens for a client; those it holds end by themselves within their lifetime. Raises ClientProblem."""
    with Session(engine) as session, session.begin():
        client = _locked(session, client_id)
        client.revoked_at = client.revoked_at or now
        events.of_clerk(session, "client_revoked", client_id, client.department, now=now)


def bind(engine: Engine, client_id: str, bound_to: Collection[UUID]) -> None:
    """Make a client a device of these places or activities, instead of what it was bound to. Raises ClientProblem."""
    with Session(engine) as session, session.begin():
        client = _locked(session, client_id)
        _check(Registration(client.name, client.department, client.scopes, "device", bound_to))
        client.type, client.bound_to = "device", sorted(bound_to)
        places = [str(place) for place in client.bound_to]
        events.of_clerk(session, "client_bound", client_id, client.department, now=clock.now(), bound_to=places)


class Migrated(NamedTuple):
    """How a client's scopes of version 0.1 are replaced."""

    client_id: str
    department: str
    added: list[str]
    dropped: list[str]


def migrate_scopes(engine: Engine, *, offices: Collection[str], drops: bool, is_trial: bool) -> list[Migrated]:
    """Give every live client the scopes that replace those of version 0.1; the old names stay until `drops`.

    So that gateways of both versions can run side by side. Clients of `offices` also get ``govern`` scopes. Once more, it changes
    nothing.
    """
    found = []
    with Session(engine) as session, session.begin():
        live = select(Client).where(Client.revoked_at.is_(None)).order_by(Client.id).with_for_update()
        for client in session.scalars(live):
            wanted = replacing(client.scopes, is_office=client.department in offices) & TYPES[client.type]
            dropped = set(client.scopes) & REPLACED.keys() if drops else set()
            added = wanted - set(client.scopes)
            if added or dropped:
                found.append(Migrated(client.id, client.department, sorted(added), sorted(dropped)))
                if not is_trial:
                    client.scopes = sorted((set(client.scopes) | added) - dropped)
                    changed = {"added": sorted(added), "dropped": sorted(dropped)}
                    events.of_clerk(
                        session, "client_scopes_changed", client.id, client.department, now=clock.now(), **changed
                    )
    return found


def all_clients(engine: Engine) -> Sequence[Client]:
    """Every client, by name."""
    with Session(engine, expire_on_commit=False) as session:
        return session.scalars(select(Client).order_by(Client.name, Client.id)).all()


def authenticate(engine: Engine, client_id: str, secret: str) -> Principal | None:
    """The client this id and secret belong to; None for a wrong, revoked or expired one. One statement."""
    statement = (
        select(Client)
        .join(ClientSecret, ClientSecret.client_id == Client.id)
        .where(
            Client.id == client_id,
            ClientSecret.sha256 == _hash(secret),
            ClientSecret.revoked_at.is_(None),
            or_(ClientSecret.expires_at.is_(None), ClientSecret.expires_at > func.now()),
            Client.revoked_at.is_(None),
        )
    )
    with Session(engine) as session:
        found = session.scalar(statement)
        if found is None:
            return None
        bound_to = tuple(str(one) for one in found.bound_to)
        scopes = frozenset(found.scopes) - REPLACED.keys()
        return Principal(found.id, found.department, scopes, found.type, bound_to=bound_to)


def _locked(session: Session, client_id: str) -> Client:
    """The client, locked: no other transaction changes its secrets before this one ends."""
    client = session.get(Client, client_id, with_for_update=True)
    if client is None:
        raise ClientProblem(zh=f"未找到客户端 {client_id}", en=f"no client {client_id}")
    return client


def _new_secret(session: Session, client_id: str, now: dt.datetime, expires_at: dt.datetime | None) -> str:
    secret = secrets.token_urlsafe(32)
    row = {"sha256": _hash(secret), "client_id": client_id, "created_at": now, "expires_at": expires_at}
    session.execute(insert(ClientSecret), [row])
    return secret


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
