"""Token exchange (RFC 8693): a channel gets a token for a human it has signed in.

A token for a person carries the scopes a person may have, one for a member of staff those of the channel. Source: access rules,
"Who acts".
"""

from __future__ import annotations

import dataclasses
import re
from typing import NamedTuple
from uuid import UUID

from gateway.auth.clients import Principal
from gateway.auth.scopes import OF_A_PERSON

PERSON, STAFF = "urn:youthcity:token-type:person", "urn:youthcity:token-type:staff"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
_STAFF_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Refused(NamedTuple):
    """An error of RFC 8693, section 2.2.2."""

    error: str
    description: str


def exchange(channel: Principal, token: str, token_type: str) -> Principal | Refused:
    """Who a channel acts for: a person by id, or a member of its department's staff."""
    if channel.type != "channel":
        return Refused("unauthorized_client", "only a client of type channel acts for humans")
    if token_type == PERSON and (person_id := _uuid(token)):
        scopes = channel.scopes & OF_A_PERSON
        return dataclasses.replace(channel, scopes=scopes, subject=f"person:{person_id}")
    if token_type == STAFF and _STAFF_ID.fullmatch(token):
        return dataclasses.replace(channel, subject=f"staff:{token}")
    if token_type in (PERSON, STAFF):
        return Refused("invalid_request", "subject_token is the id of the person or of the member of staff")
    return Refused("invalid_request", f"subject_token_type: {PERSON} or {STAFF}")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
