"""Which department sends which files, in the order it sends them."""

from __future__ import annotations

from itertools import chain

from examples.city import cooperation, innovation, people
from examples.city.files import INVENTED, File, day_of

SPECIAL_ACTIONS, TEAMS = 10, 12
_FOCUS = ("岗位拓展", "服务优化", "能力提升", "权益维护")


def files() -> dict[str, list[File]]:
    """Department → its files."""
    return {
        "youth_league": [
            cooperation.base_kinds(),
            cooperation.partnerships(range(cooperation.FIRST_PARTNERS), "对接合作高校.xlsx"),
            cooperation.projects(range(45), "省校合作项目.xlsx"),
            cooperation.bases(range(50), "省校合作基地.xlsx"),
            _volunteer_teams(),
            people.volunteers(),
        ],
        "education": [
            cooperation.partnerships(range(24, 59), "合作高校.csv"),
            cooperation.projects(chain(range(30, 60), (73,)), "合作项目.csv"),
            cooperation.bases(range(40, 70), "合作基地.csv"),
        ],
        "human_resources": [cooperation.bases(range(60, 83), "实习就业基地.csv"), _special_actions()],
        "science_technology": [
            cooperation.projects(range(50, 73), "科技合作项目.xlsx"),
            innovation.incubators(),
            innovation.tenancies("入驻企业.xlsx", with_former=True),
            innovation.introduced_projects("引入项目.xlsx", with_proposed=True),
            innovation.lead_teams(),
            innovation.technologies(),
            innovation.institute_bases("产学研基地.xlsx", range(8)),
        ],
        "development_zone": [
            innovation.zone_incubators(),
            innovation.tenancies("开发区入驻企业.csv", with_former=False),
            innovation.introduced_projects("开发区引入项目.csv", with_proposed=False),
            innovation.rights(),
        ],
        "nuc_institute": [innovation.institute_bases("产学研合作基地.csv")],
    }


def later_files() -> dict[str, list[File]]:
    """Department → what it sends once the city office has confirmed the organisations its first files named."""
    return {"science_technology": [people.employees()], "city_leadership": [people.experts()]}


def _special_actions() -> File:
    rows = [
        (f"就业创业专项行动{number + 1:02d}{INVENTED}", "2023", _FOCUS[number % 4], day_of(number, last="2023-04-30"))
        for number in range(SPECIAL_ACTIONS)
    ]
    return File("register.special_action", "专项行动.csv", ("名称", "年度", "方向", "在执行日期"), rows)


def _volunteer_teams() -> File:
    rows = [
        (f"家庭教育志愿服务队{number + 1:02d}{INVENTED}", day_of(number, first="2021-05-01", last="2023-06-01"))
        for number in range(TEAMS)
    ]
    return File("register.volunteer_team", "志愿服务团队.xlsx", ("名称", "在执行日期"), rows)
