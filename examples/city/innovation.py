"""Incubators, tenants, projects and technologies: what the science and technology bureau, the development zone and the institute
have on record.

The bureau and the zone report the same 72 projects; four of the bureau's 19 incubators stand in the zone, which knows their area.
"""

from __future__ import annotations

from examples.city.files import INVENTED, File, county_of, day_of
from examples.city.firms import OTHER_FIRMS, TENANT_FIRMS, Firm

INCUBATORS, PROJECTS, PROPOSED, RIGHTS, LAPSED = 19, 72, 5, 154, 6
TEAMS, TECHNOLOGIES, INSTITUTE_BASES = 3, 16, 39
#: Square metres of the zone's incubators; the first two are national.
ZONE_AREAS = (9_800, 7_600, 6_200, 4_200)
ZONE = "140702"
INSTITUTE = "中北大学晋中产业技术创新研究院"
#: Those who have left before the tenants of today.
FORMER = 10


def incubator_name(number: int) -> str:
    """Incubators have even numbers, maker spaces odd ones."""
    return f"晋中示范{'众创空间' if number % 2 else '孵化器'}{number + 1:02d}号{INVENTED}"


def incubators() -> File:
    """All incubators and maker spaces, as the bureau lists them: without their area."""
    rows = [
        (incubator_name(n), _type(n), _level(n), _county(n), day_of(n, first="2018-03-01", last="2022-12-01"))
        for n in range(INCUBATORS)
    ]
    return File("register.incubator", "孵化载体名录.xlsx", ("名称", "类型", "级别", "县区", "运营日期"), rows)


def zone_incubators() -> File:
    """The zone's, with their area."""
    rows = [
        (
            incubator_name(n),
            _type(n),
            _level(n),
            str(area),
            ZONE,
            day_of(n, first="2018-03-01", last="2022-12-01"),
        )
        for n, area in enumerate(ZONE_AREAS)
    ]
    headers = ("名称", "类型", "级别", "面积（平方米）", "县区", "运营日期")
    return File("register.incubator", "开发区孵化载体.csv", headers, rows)


def _type(number: int) -> str:
    return "众创空间" if number % 2 else "孵化器"


def _level(number: int) -> str:
    return "国家级" if number < 2 else ("省级", "市级")[number % 2]


def _county(number: int) -> str:
    return ZONE if number < len(ZONE_AREAS) else county_of(number)


def tenancies(name: str, *, with_former: bool) -> File:
    """Who is a tenant today; with those who have left, as the bureau lists them."""
    rows = [(*_tenancy(number, firm), "") for number, firm in enumerate(TENANT_FIRMS)]
    if with_former:
        left = OTHER_FIRMS[-FORMER:]
        rows += [(*_tenancy(number, firm, first="2020-01-06"), "2022-10-31") for number, firm in enumerate(left)]
    headers = (
        *("入驻单位", "入驻单位统一社会信用代码", "载体", "载体统一社会信用代码"),
        *("县区", "在驻日期", "已退出日期"),
    )
    return File("register.tenancy", name, headers, rows)


def _tenancy(number: int, firm: Firm, *, first: str = "2021-01-04") -> tuple[str, ...]:
    site = number % len(ZONE_AREAS)
    came_on = day_of(number, first=first, last="2022-06-30")
    return firm.name, firm.uscc, incubator_name(site), "", ZONE, came_on


def introduced_projects(name: str, *, with_proposed: bool) -> File:
    """The projects that came this year; with those still in talks, as the bureau lists them."""
    rows = [
        (*_project(n), day_of(n, last="2023-06-30"), day_of(n, first="2023-07-01") if n % 3 else "")
        for n in range(PROJECTS)
    ]
    if with_proposed:
        rows += [(*_project(n), "", "") for n in range(PROJECTS, PROJECTS + PROPOSED)]
    headers = (
        *("名称", "项目单位", "项目单位统一社会信用代码", "项目类型"),
        *("县区", "洽谈日期", "已引入日期", "已运营日期"),
    )
    return File("register.introduced_project", name, headers, rows)


def _project(number: int) -> tuple[str, ...]:
    owner = TENANT_FIRMS[number]
    kind = "新兴产业项目" if number % 2 else "双创项目"
    talks_on = day_of(number, first="2022-04-01", last="2022-12-20")
    return f"{kind}{number + 1:02d}{INVENTED}", owner.name, owner.uscc, kind, ZONE, talks_on


def rights() -> File:
    """Patents, trademarks and copyrights of the zone's tenants, and some that have lapsed."""
    kinds = ("专利", "商标", "著作权")
    rows = []
    for number in range(RIGHTS + LAPSED):
        owner = TENANT_FIRMS[number % len(TENANT_FIRMS)]
        lapsed_on = "2023-03-31" if number >= RIGHTS else ""
        since = day_of(number, first="2020-02-01", last="2022-12-31")
        rows.append((f"演示登记{number + 1:04d}", kinds[number % 3], owner.name, owner.uscc, ZONE, since, lapsed_on))
    headers = ("登记号", "类型", "权利人", "权利人统一社会信用代码", "县区", "有效日期", "失效日期")
    return File("register.ip_asset", "知识产权.csv", headers, rows)


def lead_teams() -> File:
    """Teams that came this year."""
    rows = [(f"创新领军团队{n + 1}{INVENTED}", day_of(n, last="2023-05-31"), "") for n in range(TEAMS)]
    return File("register.lead_team", "创新领军团队.xlsx", ("名称", "已引进日期", "已落户日期"), rows)


def technologies() -> File:
    """Technologies and products that came this year."""
    rows = [
        (f"先进{_kind(n)}{n + 1:02d}{INVENTED}", _kind(n), day_of(n, last="2023-05-31"), day_of(n, first="2023-06-01"))
        for n in range(TECHNOLOGIES)
    ]
    return File("register.technology", "先进技术与产品.xlsx", ("名称", "类别", "已引入日期", "已落地日期"), rows)


def _kind(number: int) -> str:
    return "产品" if number % 2 else "技术"


def institute_bases(name: str, numbers: range = range(INSTITUTE_BASES)) -> File:
    """Enterprises with which the institute has a base."""
    rows = [
        (
            INSTITUTE,
            OTHER_FIRMS[n].name,
            OTHER_FIRMS[n].uscc,
            county_of(n),
            day_of(n, first="2021-03-01", last="2023-09-28"),
        )
        for n in numbers
    ]
    headers = ("研究院", "企业", "企业统一社会信用代码", "县区", "已签约日期")
    return File("register.industry_university_base", name, headers, rows)
