"""A kind of register no city has, and files of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert

from services.talent.registers.tables import RegisterKind
from tests.talent.conftest import NOW, City

REPORTERS = ("science", "zone")


def _named(zh: str, en: str) -> dict[str, str]:
    return {"zh-CN": zh, "en": en}


def _field(key: str, zh: str, kind: str, **more: Any) -> dict[str, Any]:
    plain = {"required": False, "synonyms": [], "choices": []}
    return {"key": key, "name": _named(zh, key), "type": kind, **plain, **more}


def _role(role: str, zh: str, of: list[str], **more: Any) -> dict[str, Any]:
    plain = {"least": 1, "most": 1, "may_be_new": False}
    return {"role": role, "name": _named(zh, role), "of": of, **plain, **more}


LEVELS = [
    {"key": "high", "name": _named("高", "High")},
    {"key": "low", "name": _named("低", "Low")},
]
WINDMILLS: dict[str, Any] = {
    "key": "windmills",
    "name": _named("风车", "Windmills"),
    "programme": "p99",
    "declared": [
        _field("level", "等级", "choice", choices=LEVELS, required=True),
        _field("area", "面积（平方米）", "number"),
        _field("cost", "造价", "money", synonyms=["总造价"]),
        _field("is_open", "是否开放", "yes_no"),
        _field("since", "建成年月", "month"),
        _field("maker", "制造单位", "organisation"),
    ],
    "natural_key": ["title", "owner"],
    "states": [
        {"key": "agreed", "name": _named("签约", "Signed")},
        {"key": "running", "name": _named("运行", "Running")},
    ],
    "parties": [
        _role("owner", "业主单位", ["enterprise", "university"], may_be_new=True),
        _role("partner", "合作单位", ["university"], least=0, most=None),
    ],
    "reporters": list(REPORTERS),
}
HEADERS = (
    *("名称", "业主单位", "业主单位信用代码", "合作单位", "签约时间", "运行日期", "县区代码"),
    *("等级", "面积（平方米）", "总造价", "是否开放", "建成年月", "制造单位"),
)
KIND = "register.windmills"


def add(city: City, **changes: Any) -> str:
    """Store the kind, as it is or changed; returns the key of its kind of import."""
    kind = {**WINDMILLS, **changes, "version": 1, "created_at": NOW, "updated_at": NOW}
    with city.engine.begin() as connection:
        connection.execute(insert(RegisterKind).values(kind))
    return f"register.{kind['key']}"


def row(title: str, owner: str, **cells: Any) -> list[Any]:
    """A row below HEADERS that holds, but for what is changed."""
    chosen = dict.fromkeys(HEADERS, "") | {"名称": title, "业主单位": owner, "签约时间": "2024-03-01", "等级": "高"}
    return [{**chosen, **cells}[header] for header in HEADERS]
