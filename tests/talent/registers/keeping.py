"""What the tests of registers share: a kind of register, and departments that report entries of it."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.talent import registers
from services.talent.registers import EntryRow, EntryVerdict, PartyRow, kinds, sameness
from tests.talent.conftest import NOW, City

SERIAL = itertools.count(1)
AGREED, RUNNING = dt.date(2026, 3, 1), dt.date(2026, 6, 1)
#: In the order in which their values are the record's.
DEPARTMENTS = ("science", "zone", "education")


def named(text: str) -> dict[str, str]:
    return {"zh-CN": text, "en": text}


def state(key: str) -> dict[str, Any]:
    return {"key": key, "name": named(key)}


def field(key: str, type_: str, **more: Any) -> dict[str, Any]:
    return {
        "key": key,
        "name": named(key),
        "type": type_,
        "required": False,
        "synonyms": [],
        "choices": [],
        **more,
    }


def role(name: str, of: Sequence[str], least: int = 1, most: int | None = None) -> dict[str, Any]:
    return {"role": name, "name": named(name), "of": list(of), "least": least, "most": most, "may_be_new": False}


CONTENT: dict[str, Any] = {
    "name": named("projects"),
    "programme": "projects",
    "declared": [
        field("level", "choice", choices=[{"key": one, "name": named(one)} for one in ("city", "province")]),
        field("area", "number"),
        field("note", "text"),
        field("expires_on", "day"),
    ],
    "natural_key": ["title", "owner"],
    "states": [state("proposed"), state("agreed"), state("running"), state("ended")],
    "parties": [role("owner", ["university", "enterprise"], most=1), role("site", ["university"], least=0)],
    "reporters": list(DEPARTMENTS),
}


class Register:
    """A kind of register of its own, and what departments do with its entries."""

    def __init__(self, city: City, **content: Any) -> None:
        self.city = city
        self.key = f"projects_{next(SERIAL)}"
        self.owner: UUID = city.university()
        self.put(None, **content)

    def put(self, version: int | None, **content: Any) -> dict[str, Any]:
        with self.city.work() as work:
            return kinds.put_register_kind(work, key=self.key, version=version, **CONTENT | content)

    def row(self, title: str | None = "A", parties: Mapping[str, UUID] | None = None, **given: Any) -> EntryRow:
        """A row; `given` are days by name, county, and values of fields."""
        taking_part = [PartyRow(name, organisation_id=one) for name, one in (parties or {"owner": self.owner}).items()]
        days = {name: given.pop(name) for name in list(given) if name in ("proposed_on", "agreed_on", "running_on")}
        days = days or {"agreed_on": AGREED}
        return EntryRow(self.key, title, given.pop("county", None), days, taking_part, given)

    def report(self, department: str, *reported: EntryRow, now: dt.datetime = NOW) -> list[EntryVerdict]:
        with self.city.work(department, now=now) as work:
            return registers.report_entries(work, reported)

    def add(self, department: str = "science", title: str = "A", **given: Any) -> UUID:
        """The id of an entry a department has reported."""
        (done,) = self.report(department, self.row(title, **given))
        assert done.entry_id is not None, done
        return done.entry_id

    def get(self, entry_id: UUID | None, department: str = "science", **wanted: Any) -> dict[str, Any]:
        assert entry_id is not None
        with self.city.work(department) as work:
            return registers.get_register_entry(work, entry_id=entry_id, **wanted)

    def reports(self, entry_id: UUID, department: str = "science") -> dict[str, dict[str, Any]]:
        with self.city.work(department) as work:
            found = registers.list_entry_reports(work, entry_id=entry_id)["items"]
        return {one["department"]: one for one in found}

    def same(self, entry_id: UUID, same_as: UUID, department: str = "science") -> dict[str, Any]:
        with self.city.work(department) as work:
            return sameness.mark_same_entry(work, entry_id=entry_id, same_as=same_as)

    def undo(self, entry_id: UUID, department: str = "science") -> dict[str, Any]:
        with self.city.work(department) as work:
            return sameness.unmark_same_entry(work, entry_id=entry_id)

    def events(self, entry_id: UUID | None) -> list[tuple[str, int]]:
        """What was announced of an entry, and in which version."""
        sql = "select type, version from outbox where subject_id = :id order by id"
        prefix = "talent.register_entry."
        return [
            (row.type.removeprefix(prefix).removesuffix(".v1"), row.version)
            for row in self.city.rows(sql, id=str(entry_id))
        ]
