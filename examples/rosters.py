"""Writes the demo rosters: 2,000 invented students and staff of the 19 universities, one XLSX file each.

``python -m examples.rosters`` writes ``examples/rosters/*.xlsx``; the same seed gives the same bytes, and ``make check``
proves the committed files fresh. Nobody in them exists: the region codes of the ID numbers are assigned to no region.
"""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter

from examples.city import Place, universities

SEED = 20231027
PEOPLE = 2000
STAFF_SHARE = 0.15
FOLDER = Path(__file__).parent / "rosters"
HEADERS = ("姓名", "证件类型", "证件号码", "手机号", "电子邮箱", "学校", "身份", "入学/入职日期", "预计毕业/离职日期")

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_COMPOUND = ("欧阳", "上官", "诸葛", "司马")
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉萍红建文晨宇轩浩然子涵欣怡梓萱博雅思远嘉"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True)
class Member:
    """One row of a roster."""

    name: str
    id_number: str
    phone: str
    email: str
    role: str
    from_on: datetime.date
    until_on: datetime.date | None


def members_of(place: Place, *, number: int, count: int) -> list[Member]:
    """The invented members of university `number`, always the same."""
    choose = random.Random(f"{SEED}/{place.uscc}")
    return [_member(choose, serial=number * 1000 + index) for index in range(count)]


def counts() -> list[int]:
    """How many members each university has: PEOPLE in all, no two universities alike."""
    places = len(universities())
    weights = [places + 5 - index for index in range(places)]
    shares = [PEOPLE * weight // sum(weights) for weight in weights]
    shares[0] += PEOPLE - sum(shares)
    return shares


def _member(choose: random.Random, *, serial: int) -> Member:
    is_staff = choose.random() < STAFF_SHARE
    name = invented_name(choose)
    year = choose.randint(1965, 1997) if is_staff else choose.randint(2000, 2006)
    born = datetime.date(year, 1, 1) + datetime.timedelta(days=choose.randrange(365))
    phone, email = f"199000{serial:05d}", f"member{serial:05d}@youth.example"
    if is_staff:
        started = datetime.date(choose.randint(max(year + 24, 2000), 2023), 9, 1)
        return Member(name, id_number(born, serial), phone, email, "教职工", started, None)
    started = datetime.date(choose.randint(2023, 2026), 9, 1)
    finished = datetime.date(started.year + 4, 7, 1)
    return Member(name, id_number(born, serial), phone, email, "学生", started, finished)


def invented_name(choose: random.Random) -> str:
    """An invented name."""
    surname = choose.choice(_COMPOUND) if choose.random() < 0.02 else choose.choice(_SURNAMES)
    return surname + "".join(choose.choice(_GIVEN) for _ in range(choose.choice((1, 2, 2))))


def id_number(born: datetime.date, serial: int) -> str:
    """An ID number with its check character; of 50,000 serials no two are alike on one day."""
    # region codes 1499xx are assigned to no region, so these numbers belong to no person
    body = f"{149900 + serial // 1000}{born:%Y%m%d}{serial % 1000:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


def write(place: Place, members: list[Member], path: Path) -> None:
    """One roster file, ID numbers and phones as text."""
    workbook = xlsxwriter.Workbook(path)
    workbook.set_properties({"title": f"{place.name} 花名册（虚构人员）", "created": datetime.datetime(2023, 10, 27)})
    sheet = workbook.add_worksheet("花名册")
    text = workbook.add_format({"num_format": "@"})
    bold = workbook.add_format({"bold": True})
    sheet.write_row(0, 0, HEADERS, bold)
    sheet.set_column(0, len(HEADERS) - 1, 20)
    for row, member in enumerate(members, start=1):
        until_on = member.until_on.isoformat() if member.until_on else ""
        cells = (
            member.name,
            "居民身份证",
            member.id_number,
            member.phone,
            member.email,
            place.name,
            member.role,
            member.from_on.isoformat(),
            until_on,
        )
        for column, cell in enumerate(cells):
            sheet.write_string(row, column, cell, text)
    workbook.close()


def main(folder: Path = FOLDER) -> list[Path]:
    """Write every roster; returns the paths, in the order of ``city.universities()``."""
    folder.mkdir(exist_ok=True)
    paths = []
    for number, (place, count) in enumerate(zip(universities(), counts(), strict=True)):
        path = folder / f"university-{number + 1:02d}.xlsx"
        write(place, members_of(place, number=number, count=count), path)
        paths.append(path)
    return paths


if __name__ == "__main__":
    for written in main():
        print(written.relative_to(Path.cwd()) if written.is_relative_to(Path.cwd()) else written)
