"""Passes (凭证): an entitlement as a signed token, which a gate can verify offline.

Lives here: what a pass says, and issuing it. Not here: signing and keys (``chassis.keys.signed_tokens``), whether it admits
(``redemptions``).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.keys.signed_tokens import SigningKeys
from chassis.store.work import Caller, Work
from contracts.language.refusals import Refusal
from services.perks import entitlements

TYPE = "youthcity-pass+jws"


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
    issued_at: dt.datetime
    expires_at: dt.datetime
    digest: bytes


@dataclass(frozen=True)
class Validity:
    """How long a pass can be shown: the card of a department, and the one a channel draws anew each time."""

    card: dt.timedelta
    shown: dt.timedelta

    def of(self, caller: Caller) -> dt.timedelta:
        """By who draws it: a department for a person it serves (its staff too), or a channel."""
        is_staff = (caller.subject or "").startswith("staff:")
        return self.shown if caller.client_type == "channel" and not is_staff else self.card


class PassKeys(SigningKeys[PassClaims]):
    """The key set passes are signed with."""

    name = "pass_signing"
    token_type = TYPE
    unreadable = PassUnreadable

    def claims_of(self, claims: dict[str, Any], digest: bytes) -> PassClaims:
        return PassClaims(
            entitlement_id=UUID(claims["entitlement_id"]),
            scheme_key=str(claims["scheme"]),
            holder=str(claims["holder"]),
            issued_at=dt.datetime.fromtimestamp(int(claims["iat"]), dt.UTC),
            expires_at=dt.datetime.fromtimestamp(int(claims["exp"]), dt.UTC),
            digest=digest,
        )


def issue_pass(
    work: Work, *, keys: PassKeys, pass_valid: Validity, entitlement_id: UUID, holder: str
) -> dict[str, Any]:
    """A pass for an active entitlement, or for the one it is merged into; `holder` is the masked name the gate shows.

    Raises EntitlementNotFound, EntitlementSuspended.
    """
    row = entitlements.get_entitlement(work, entitlement_id=entitlement_id)
    if row["state"] != entitlements.ACTIVE:
        raise EntitlementSuspended()
    expires_at = (work.now + pass_valid.of(work.caller)).replace(microsecond=0)
    token = keys.sign(
        {
            "entitlement_id": str(row["id"]),
            "scheme": row["scheme_key"],
            "holder": holder,
            "iat": int(work.now.timestamp()),
            "exp": int(expires_at.timestamp()),
        }
    )
    return {
        "token": token,
        "entitlement_id": row["id"],
        "scheme_key": row["scheme_key"],
        "holder": holder,
        "expires_at": expires_at,
        "key_id": keys.current,
    }
