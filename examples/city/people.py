"""People on the departments' rosters: employees of tenants, experts the city's leaders keep in touch with, volunteers.

They do not exist: the region codes of their ID numbers are assigned to no region.
"""

from __future__ import annotations

import datetime as dt
import random

from examples.city.files import SEED, File, day_of
from examples.city.firms import PARTNER_UNIVERSITIES, TENANT_FIRMS
from examples.rosters import id_number, invented_name

EMPLOYEES, FRESH, FORMER_EMPLOYEES = 1_056, 116, 12
EXPERTS, EXPERT_UNIVERSITIES = 23, 10
VOLUNTEERS = 189
ASSOCIATION = "晋中家庭教育志愿服务协会（虚构）"
_PERSON = ("姓名", "证件类型", "证件号码", "手机号")
_PROFESSIONS = ("心理咨询师", "教师", "医护人员", "司法工作者", "其他")


def _person(serial: int, *, first: int, last: int) -> tuple[str, ...]:
    choose = random.Random(f"{SEED}/person/{serial}")
    born = dt.date(choose.randint(first, last), 1, 1) + dt.timedelta(days=choose.randrange(365))
    return invented_name(choose), "居民身份证", id_number(born, serial), f"199000{serial:05d}"


def employees() -> File:
    """Whom tenants employ, those who have left too; one in nine is a fresh graduate."""
    rows = []
    for number in range(EMPLOYEES + FORMER_EMPLOYEES):
        firm = TENANT_FIRMS[number % len(TENANT_FIRMS)]
        is_fresh = number < FRESH
        person = (
            _person(40_000 + number, first=2000, last=2002)
            if is_fresh
            else _person(40_000 + number, first=1985, last=1999)
        )
        began = day_of(number, first="2022-07-01", last="2023-09-15")
        ended = "2023-10-08" if number >= EMPLOYEES else ""
        rows.append((*person, firm.name, "员工", began, ended, "是" if is_fresh else "否"))
    headers = (*_PERSON, "单位名称", "身份", "入职日期", "离职日期", "是否应届")
    return File("roster", "初创企业员工.xlsx", headers, rows)


def experts() -> File:
    """The experts of this year's list, of ten universities."""
    rows = []
    for number in range(EXPERTS):
        university = PARTNER_UNIVERSITIES[number % EXPERT_UNIVERSITIES]
        person = _person(42_000 + number, first=1962, last=1980)
        rows.append((*person, university.name, "联系服务专家", day_of(number, last="2023-03-31"), "2023"))
    return File("roster", "联系服务专家名单.xlsx", (*_PERSON, "学校", "身份", "开始日期", "名单年度"), rows)


def volunteers() -> File:
    """Volunteers for family education on file."""
    rows = []
    for number in range(VOLUNTEERS):
        person = _person(43_000 + number, first=1970, last=2000)
        profession = _PROFESSIONS[number % len(_PROFESSIONS)]
        began = day_of(number, first="2021-05-01", last="2023-08-31")
        rows.append((*person, ASSOCIATION, "志愿者", began, profession))
    return File("roster", "家庭教育志愿者.csv", (*_PERSON, "单位名称", "身份", "开始日期", "职业"), rows)
