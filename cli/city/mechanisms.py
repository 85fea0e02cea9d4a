"""What a programme may use, in the city's words, and whether the platform carries it today.

Lives here: the one list that grows with the platform. A section of a programme's file belongs to one mechanism; a programme that
uses a mechanism which is not built says so in ``waits_for``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mechanism:
    """What carries a part of a programme; `is_built`: the API of this version takes it."""

    zh: str
    en: str
    is_built: bool = False


MECHANISMS: dict[str, Mechanism] = {
    "activities": Mechanism("活动", "activities", is_built=True),
    "schemes": Mechanism("惠民政策", "schemes", is_built=True),
    "templates": Mechanism("消息模板", "message templates", is_built=True),
    "registers": Mechanism("台账", "registers", is_built=True),
    "affiliation_fields": Mechanism("身份关系的附加字段", "declared fields of affiliations", is_built=True),
    "facts": Mechanism("核验事实", "verified facts", is_built=True),
    "matters": Mechanism("事项与办件", "matters and applications"),
    "titles": Mechanism("称号", "titles"),
    "activity_fields": Mechanism("活动的附加字段、参与单位与人数", "fields, parties and headcounts of activities"),
    "series": Mechanism("系列活动", "series of activities"),
    "matchmaking": Mechanism("互选", "mutual choices"),
    "posts": Mechanism("岗位与应聘", "posts and candidacies"),
    "scheme_rules": Mechanism(
        "首道门票以外的优惠与不列名单的场所", "schemes beyond a first gate and beyond listed places"
    ),
    "stays": Mechanism("住宿", "stays"),
    "ledger": Mechanism("资金台账", "the ledger"),
    "parameters": Mechanism("参数", "parameters", is_built=True),
}

#: Section of a programme's file → its mechanism.
SECTIONS: dict[str, str] = {
    "registers": "registers",
    "affiliation_roles": "affiliation_fields",
    "fact_kinds": "facts",
    "matters": "matters",
    "title_kinds": "titles",
    "activity_kinds": "activities",
    "post_kinds": "posts",
    "schemes": "schemes",
    "planned_schemes": "scheme_rules",
    "stays": "stays",
    "ledgers": "ledger",
    "parameters": "parameters",
}


def unbuilt() -> list[str]:
    """The mechanisms a programme can wait for."""
    return [key for key, mechanism in MECHANISMS.items() if not mechanism.is_built]
