"""What the services keep of one person, whole: every page of each list, with the caller's own rights."""

from __future__ import annotations

from typing import Any

from contracts.language.schema import MAX_LIMIT
from gateway.calls import backend

LISTS = {
    "affiliations": "talent.list_affiliations",
    "facts": "talent.list_facts",
    "entitlements": "perks.list_entitlements",
    "registrations": "events.list_registrations",
    "messages": "notify.list_messages",
}


def kept_of(person_id: str) -> dict[str, Any]:
    """List → its records of the person; and the person's preferences. A service that does not answer fails the whole."""
    kept: dict[str, Any] = {name: _whole(call, person_id) for name, call in LISTS.items()}
    return kept | {"preferences": backend.query("notify.get_preferences", {"person_id": person_id})}


def _whole(call: str, person_id: str) -> list[Any]:
    found: list[Any] = []
    after = None
    while True:
        page = backend.query(call, {"person_id": person_id, "limit": MAX_LIMIT, "after": after})
        found += page["items"]
        if (after := page["next_after"]) is None:
            return found
