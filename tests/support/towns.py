"""A town on a running platform: a department with organisations, sets, a scheme and people of its own, all over HTTP."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from deploy.local.throwaway import ThrowawayPlatform, eventually
from examples.city import credit_code
from examples.client import Client
from examples.rosters import id_number as id_number_of

_numbers = itertools.count(1)
FROM = "2023-01-01"


class Town:
    """The moves of a journey: organisations, sets, a scheme, rosters, scans. All over HTTP."""

    def __init__(self, platform: ThrowawayPlatform, folder: Path) -> None:
        self.platform, self.folder = platform, folder
        self.number = next(_numbers)
        self.department = f"dept_{self.number}"
        self.client: Client = platform.client(f"town{self.number}", self.department)
        self.operator: Client = platform.client(f"ops{self.number}", self.department, type="operator")
        self.app: Client = platform.client(f"app{self.number}", "youth_app", type="channel")
        self.universities_key, self.areas_key = f"universities_{self.number}", f"areas_{self.number}"
        self.scheme_key = f"scenic_{self.number}"

    def gate(self, *places: dict[str, Any]) -> Client:
        """A device at these places, or at the doors of these activities."""
        bound_to = [place["id"] for place in places]
        return self.platform.client(f"gate{next(_numbers)}", self.department, type="device", bound_to=bound_to)

    def organisation(self, kind: str, *, trusted: tuple[str, ...] = ()) -> dict[str, Any]:
        number = next(_numbers)
        body = {
            "kind": kind,
            "name": f"{kind} 之 {number}",
            "uscc": credit_code("12", 500_000 + number),
            "trusted_departments": [self.department, *trusted],
        }
        return dict(self.client.post("/v1/organisations", body))

    def put_set(self, key: str, members: list[dict[str, Any]], *, version: int | None = None) -> dict[str, Any]:
        rows = [{"organisation_id": member["id"], "from_on": FROM} for member in members]
        body = {"name": {"zh-CN": key, "en": key}, "members": rows}
        condition = {"if_none_match": "*"} if version is None else {"if_match": f'"v{version}"'}
        return dict(self.client.put(f"/v1/organisation-sets/{key}", body, **condition))

    def publish_scheme(self, key: str | None = None, *, clause: str | None = None) -> None:
        clause = clause or (
            f"affiliations.exists(a, a.current && a.role in ['student','staff'] && '{self.universities_key}' in a.sets)"
        )
        body = {
            "name": {"zh-CN": "免首道门票", "en": "Free first gate"},
            "source": "P35",
            "from_on": FROM,
            "covers": "first_gate",
            "relation": [
                {"place_set_key": self.areas_key, "institution_set_key": self.universities_key, "from_on": FROM}
            ],
            "clauses": [
                {"id": "member", "expr": clause, "message": {"zh-CN": "须为师生", "en": "member"}, "source": "P35"}
            ],
            "limit": {"count": 1, "per": "place", "window": "shanghai_day", "assumption": True},
        }
        self.client.put(f"/v1/schemes/{key or self.scheme_key}", body, if_none_match="*")

    def roster(self, university: dict[str, Any], count: int, *, until_on: str = "") -> tuple[Path, list[str]]:
        """An XLSX of `count` invented students; returns its path and their ID numbers."""
        import datetime as dt

        book = Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.append(["姓名", "证件类型", "证件号码", "手机号", "学校", "身份", "入学日期", "预计毕业日期"])
        first = next(_numbers) * 1000
        numbers = [id_number_of(dt.date(2004, 1, 1) + dt.timedelta(days=n % 300), first + n) for n in range(count)]
        for n, number in enumerate(numbers):
            phone = f"199{first % 10_000:04d}{n:04d}"
            sheet.append(
                [
                    f"张三{'甲乙丙丁'[n % 4]}",
                    "居民身份证",
                    number,
                    phone,
                    university["name"],
                    "学生",
                    "2024-09-01",
                    until_on,
                ]
            )
        path = self.folder / f"roster-{first}.xlsx"
        book.save(path)
        return path, numbers

    def upload(self, path: Path, *, mode: str = "best_effort", client: Client | None = None) -> dict[str, Any]:
        client = client or self.client
        started = client.upload("/v1/imports", path, kind="roster", mode=mode)
        ended = ("done", "rejected", "failed")
        url = f"/v1/imports/{started['id']}"
        return dict(
            eventually(lambda: found if (found := client.get(url))["state"] in ended else None, what="the import")
        )

    def person_of(self, import_id: str, row: int = 2) -> str:
        rows = self.client.get(f"/v1/imports/{import_id}/rows", limit=200)["items"]
        affiliation = next(one["affiliation_id"] for one in rows if one["row"] == row)
        return str(self.client.get(f"/v1/affiliations/{affiliation}")["person_id"])

    def entitlement(self, person_id: str, state: str | None = "active") -> dict[str, Any] | None:
        found = self.client.get("/v1/entitlements", person_id=person_id, scheme_key=self.scheme_key, state=state)[
            "items"
        ]
        return dict(found[0]) if found else None

    def await_entitlement(self, person_id: str, state: str = "active") -> dict[str, Any]:
        return dict(eventually(lambda: self.entitlement(person_id, state), what=f"an entitlement {state}"))

    def student(self, university: dict[str, Any], *, email: str | None = None, **more: Any) -> str:
        """One student by the single-record API; returns the person's id."""
        import datetime as dt

        number = id_number_of(dt.date(2004, 2, 1), next(_numbers) * 1000)
        body = {"name": "欧阳小小", "id_type": "resident_id", "id_number": number, "phone": None, "email": email}
        person = self.client.post("/v1/people", body)
        self.affiliate(person["id"], university, **more)
        return str(person["id"])

    def affiliate(self, person_id: str, university: dict[str, Any], **more: Any) -> dict[str, Any]:
        report = {
            "person_id": person_id,
            "organisation_id": university["id"],
            "role": "student",
            "from_on": "2024-09-01",
        }
        return dict(self.client.post("/v1/affiliations", {**report, **more}))

    def pass_of(self, entitlement: dict[str, Any]) -> str:
        return str(self.client.get(f"/v1/entitlements/{entitlement['id']}/pass")["token"])


@pytest.fixture
def town(platform: ThrowawayPlatform, tmp_path: Path) -> Town:
    """A town of the test's own on the platform all tests share."""
    return Town(platform, tmp_path)
