"""Cooperation of province and universities: what the Youth League, education and human resources each have on record.

Their lists overlap: 59 universities, 69 projects and 82 bases in all, each counted once.
"""

from __future__ import annotations

from collections.abc import Iterable

from examples.city.files import INVENTED, File, county_of, day_of
from examples.city.firms import OTHER_FIRMS, PARTNER_UNIVERSITIES

BASE_KINDS = (
    *("实习实训基地", "就业创业基地", "红色教育基地", "国情教育基地"),
    *(f"第{number}类基地（报告未写明）" for number in range(5, 13)),
)
PROJECTS, TALKS, BASES = 69, 4, 82
#: The universities on the list that the Youth League sends first, which the projects name.
FIRST_PARTNERS = 40


def partnerships(numbers: Iterable[int], name: str) -> File:
    """Universities with which an agreement was signed this year."""
    rows = []
    for number in numbers:
        university = PARTNER_UNIVERSITIES[number]
        signed_on = day_of(number, last="2023-08-31")
        rows.append((university.name, university.uscc, signed_on, day_of(number, first="2023-09-01")))
    headers = ("高校", "高校统一社会信用代码", "已签约日期", "在执行日期")
    return File("register.partnership", name, headers, rows)


def projects(numbers: Iterable[int], name: str) -> File:
    """Projects agreed this year; those after the last are only proposed, and one was agreed the year before."""
    rows = [_project(number) for number in numbers]
    headers = ("名称", "高校", "县区", "拟议日期", "已达成日期", "在执行日期")
    return File("register.cooperation_project", name, headers, rows)


def _project(number: int) -> tuple[str, ...]:
    university = PARTNER_UNIVERSITIES[number % FIRST_PARTNERS]
    title = f"省校合作项目{number + 1:02d}{INVENTED}"
    proposed_on = day_of(number, first="2022-03-01", last="2022-11-30")
    agreed_on = day_of(number, last="2023-06-30") if number < PROJECTS else ""
    if number == PROJECTS + TALKS:
        agreed_on = "2022-12-15"
    running_on = day_of(number, first="2023-07-01") if agreed_on and number % 2 else ""
    return title, university.name, county_of(number), proposed_on, agreed_on, running_on


def base_kinds() -> File:
    """The twelve kinds of bases."""
    rows = [(name, "2022-05-20") for name in BASE_KINDS]
    return File("register.base_kind", "十二大基地类别.xlsx", ("名称", "设立日期"), rows)


def bases(numbers: Iterable[int], name: str) -> File:
    """Bases opened this year; the one after the last was opened the year before."""
    rows = []
    for number in numbers:
        host = OTHER_FIRMS[number % len(OTHER_FIRMS)]
        opened_on = day_of(number) if number < BASES else "2022-06-18"
        kind = BASE_KINDS[number % len(BASE_KINDS)]
        title = f"{kind}{number + 1:02d}{INVENTED}"
        rows.append((title, kind, host.name, host.uscc, county_of(number), opened_on))
    headers = ("名称", "类别", "建设单位", "建设单位统一社会信用代码", "县区", "已挂牌日期")
    return File("register.base", name, headers, rows)
