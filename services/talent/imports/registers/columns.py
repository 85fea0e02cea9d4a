"""The columns of a register's files: title, parties, days, county and declared fields, with the headers that mean the same; and
what the reader of a row is given of the kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chassis.declared import columns as declared_columns
from chassis.imports.kinds import Column
from services.talent.registers.rules import COUNTY, DAYS, PARTIES, PERSON, TITLE, Kind

CODES = "codes"
EXAMPLE_DAY, EXAMPLE_COUNTY, EXAMPLE_ORGANISATION = "2024-09-01", "110101", "示范单位"


def columns_of(kind: Kind) -> list[Column]:
    """The columns in the order of the template. Their keys are the fields that violations of a report name."""
    columns = [_title(kind)]
    for role in readable_roles(kind):
        columns.append(_party(kind, role))
        if role["may_be_new"]:
            columns.append(_code(role))
    columns += [_day(kind, state) for state in kind.states]
    columns.append(_county())
    columns += declared_columns.columns_of(kind.declared)
    return declared_columns.told_apart(columns)


def given_of(kind: Kind) -> dict[str, Any]:
    """What ``rows.read_row`` has to know of a kind, as JSON."""
    roles = readable_roles(kind)
    return {
        "is_title_required": TITLE in kind.natural_key,
        "roles": [
            {"role": role["role"], "required": _is_needed(kind, role), "several": role["most"] != 1} for role in roles
        ],
        "codes": [role["role"] for role in roles if role["may_be_new"]],
        "days": [f"{state['key']}_on" for state in kind.states],
        "fields": declared_columns.given_of(kind.declared),
        "natural_key": list(kind.natural_key),
    }


def readable_roles(kind: Kind) -> list[Mapping[str, Any]]:
    """The roles in which a file can name somebody: organisations; a person is known by a document, which no file has here."""
    return [role for role in kind.parties if role["of"] != [PERSON]]


def unreadable(kind: Kind) -> list[str]:
    """The Chinese names of what an entry needs and no file can hold."""
    roles = [role for role in kind.parties if role["of"] == [PERSON] and _is_needed(kind, role)]
    fields = declared_columns.unreadable(kind.declared)
    named = [field for field in kind.declared if field["type"] == PERSON and field["key"] in kind.natural_key]
    return list(dict.fromkeys(one["name"]["zh-CN"] for one in (*roles, *fields, *named)))


def names_of(columns: list[Column]) -> dict[str, str]:
    """The Chinese names of what a violation may point at."""
    return {PARTIES: "参与方", "": "整行"} | {column.key: column.zh for column in columns}


def _is_needed(kind: Kind, role: Mapping[str, Any]) -> bool:
    return role["least"] > 0 or role["role"] in kind.natural_key


def _title(kind: Kind) -> Column:
    zh, en = kind.name["zh-CN"], kind.name["en"]
    synonyms = ("名称", f"{zh}名称", zh, "标题", "title", "name", en)
    return Column(TITLE, "名称", "title", synonyms, is_required=TITLE in kind.natural_key, example=f"示范{zh}")


def _party(kind: Kind, role: Mapping[str, Any]) -> Column:
    zh, en, key = role["name"]["zh-CN"], role["name"]["en"], role["role"]
    synonyms = (f"{zh}名称", f"{zh}全称", f"{zh}单位", f"{en} name", key)
    several = f"{EXAMPLE_ORGANISATION}；示范大学" if role["most"] != 1 else EXAMPLE_ORGANISATION
    return Column(f"{PARTIES}/{key}", zh, en, synonyms, is_required=_is_needed(kind, role), example=several)


def _code(role: Mapping[str, Any]) -> Column:
    zh, en, key = role["name"]["zh-CN"], role["name"]["en"], role["role"]
    synonyms = (f"{zh}信用代码", f"{zh}社会信用代码", f"{zh}代码", f"{key}_uscc")
    return Column(f"{CODES}/{key}", f"{zh}统一社会信用代码", f"{en} credit code", synonyms, is_required=False)


def _day(kind: Kind, state: Mapping[str, Any]) -> Column:
    zh, en = state["name"]["zh-CN"], state["name"]["en"]
    key = f"{state['key']}_on"
    assert key in DAYS
    is_only = len(kind.states) == 1
    synonyms = (f"{zh}时间", f"{zh}年月", zh, f"{en} date", en, *(("日期", "时间") if is_only else ()))
    return Column(key, f"{zh}日期", f"{en} on", synonyms, is_required=is_only, example=EXAMPLE_DAY, is_day=True)


def _county() -> Column:
    synonyms = ("县区", "县（区、市）", "区县", "所属县区", "行政区划代码", "行政区划", "所在地", "county")
    return Column(COUNTY, "县区代码", "county code", synonyms, is_required=False, example=EXAMPLE_COUNTY)
