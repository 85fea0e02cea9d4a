"""The places of the demo city: 40 scenic areas and 19 universities, as many as the report counts (clauses P35, F45, F46).

Real names: the universities the report names, and A-grade scenic areas of Jinzhong. Every other name is invented and says
so. The credit codes are invented too; they only pass the check of GB 32100.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Named in the report of 2023-10-27; seven of the universities resident in Jinzhong's campus town.
NAMED_UNIVERSITIES = (
    ("太原理工大学", "Taiyuan University of Technology"),
    ("山西医科大学", "Shanxi Medical University"),
    ("山西农业大学", "Shanxi Agricultural University"),
    ("山西中医药大学", "Shanxi University of Chinese Medicine"),
    ("山西卫生健康职业学院", "Shanxi Vocational College of Health"),
    ("晋中职业技术学院", "Jinzhong Vocational and Technical College"),
    ("晋中师范高等专科学校", "Jinzhong Teachers College"),
)
INVENTED_UNIVERSITIES = (
    ("汾河示范大学", "Fenhe Demo University"),
    ("太行示范学院", "Taihang Demo College"),
    ("潇河示范大学", "Xiaohe Demo University"),
    ("乌金示范学院", "Wujin Demo College"),
    ("晋商示范财经学院", "Jinshang Demo Finance College"),
    ("麦田示范农业学院", "Maitian Demo Agricultural College"),
    ("龙城示范工程学院", "Longcheng Demo Engineering College"),
    ("云竹示范艺术学院", "Yunzhu Demo Arts College"),
    ("昭余示范师范学院", "Zhaoyu Demo Normal College"),
    ("绵山示范旅游学院", "Mianshan Demo Tourism College"),
    ("榆次示范信息学院", "Yuci Demo Information College"),
    ("祁州示范体育学院", "Qizhou Demo Sports College"),
)

SCENIC_AREAS = (
    "平遥古城",
    "绵山风景区",
    "乔家大院",
    "王家大院",
    "张壁古堡",
    "常家庄园",
    "榆次老城",
    "渠家大院",
    "石膏山风景区",
    "云竹湖风景区",
    "双林寺",
    "镇国寺",
    "红崖大峡谷",
    "大寨景区",
    "麻田八路军总部纪念馆",
    "后沟古村",
    "三多堂曹家大院",
    "孔祥熙宅园",
    "资寿寺",
    "乌金山国家森林公园",
)
INVENTED_SCENIC_AREAS = tuple(f"示范景区{number:02d}（虚构）" for number in range(1, 21))

_CODE_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True)
class Place:
    """One organisation of the demo city."""

    kind: str
    name: str
    name_en: str | None
    uscc: str
    is_invented: bool


def universities() -> list[Place]:
    """The 19 universities."""
    names = [(zh, en, False) for zh, en in NAMED_UNIVERSITIES]
    names += [(f"{zh}（虚构）", f"{en} (invented)", True) for zh, en in INVENTED_UNIVERSITIES]
    return [
        Place("university", zh, en, credit_code("12", 1000 + number), is_invented)
        for number, (zh, en, is_invented) in enumerate(names)
    ]


def scenic_areas() -> list[Place]:
    """The 40 scenic areas."""
    names = [(name, False) for name in SCENIC_AREAS] + [(name, True) for name in INVENTED_SCENIC_AREAS]
    return [
        Place("scenic_area", name, None, credit_code("91", 2000 + number), is_invented)
        for number, (name, is_invented) in enumerate(names)
    ]


def credit_code(prefix: str, number: int) -> str:
    """An invented unified social credit code with both its check characters right (GB 32100, GB 11714)."""
    body = f"{number:08d}"
    total = sum(int(digit) * weight for digit, weight in zip(body, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    check = (11 - total % 11) % 11
    organisation = body + ("X" if check == 10 else str(check))
    first = f"{prefix}140700{organisation}"
    total = sum(_CODE_CHARACTERS.index(character) * 3**place % 31 for place, character in enumerate(first))
    return first + _CODE_CHARACTERS[(31 - total % 31) % 31]
