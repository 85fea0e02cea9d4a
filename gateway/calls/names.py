"""Masked names beside the ids of records that a caller may see: one query of talent a page (access rules, "Reach").

Whether the caller may see the records has been decided by then, by the service that keeps them. Each use is in talent's audit,
with the operation it was for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.calls import backend


def of_people(person_ids: Sequence[str]) -> dict[str, str]:
    """Person → masked name; unknown people are left out."""
    if not person_ids:
        return {}
    found = backend.query("talent.read_names", {"person_ids": sorted(set(person_ids))})
    return {one["person_id"]: one["name_masked"] for one in found["items"]}


def beside(items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The items, each with the `name_masked` of its `person_id`; null where talent does not know them."""
    names = of_people([item["person_id"] for item in items])
    return [{**item, "name_masked": names.get(item["person_id"])} for item in items]
