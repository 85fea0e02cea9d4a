"""Whether a pack holds together: what one file names stands in another, nothing is declared twice, nothing contradicts itself.

Not here: the shape of each file (``reading``), and the calendar (``calendars``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cli.city import calendars, references
from cli.city.mechanisms import MECHANISMS, SECTIONS
from cli.city.mistakes import Mistake, Remark, Words, one_of, twice, unknown
from cli.city.reading import Pack, read
from cli.city.schemas import CITY, DEPARTMENTS, MESSAGES, ORGANISATIONS
from contracts.figures import UNITS_OF, contradictions
from gateway.auth.scopes import SCOPES, TYPES


def check(folder: Path) -> tuple[Pack, list[Mistake], list[Remark]]:
    """The pack in `folder`, every mistake there is, and what a reader should know besides."""
    pack = read(folder)
    found = [*pack.mistakes, *_of_city(pack), *_of_departments(pack), *_of_organisations(pack), *_doubled(pack)]
    found += [*_of_programmes(pack), *_of_figures(pack), *references.mistakes(pack)]
    return pack, found, [*_remarks(pack)]


def _of_city(pack: Pack) -> Iterator[Mistake]:
    city = pack.loaded.get(CITY)
    if city is None:
        return
    yield from calendars.mistakes(city["calendar"])
    yield from _repeated(CITY, "chapters", "key", city["chapters"])
    yield from _repeated(CITY, "counties", "code", city["counties"])
    for number, county in enumerate(city["counties"]):
        if county["code"][:4] != city["division"][:4]:
            wrong = Words("不属于本市区划。", "It is not a county of this city.")
            prefix = city["division"][:4]
            instead = Words(f"应以 {prefix} 开头。", f"Its code begins with {prefix}.")
            yield Mistake(CITY, f"counties[{number}].code", wrong, instead)
    chapters = [one["key"] for one in city["chapters"]]
    for name in pack.documents:
        if "/" in name and name.split("/")[0] not in chapters:
            what = Words("章", "chapter")
            yield unknown(name, "", name.split("/")[0], what, chapters)


def _of_departments(pack: Pack) -> Iterator[Mistake]:
    listed = pack.loaded.get(DEPARTMENTS, {}).get("departments", ())
    yield from _repeated(DEPARTMENTS, "departments", "key", listed)
    for number, department in enumerate(listed):
        for index, scope in enumerate(department["scopes"]):
            path = f"departments[{number}].scopes[{index}]"
            if scope not in SCOPES:
                yield unknown(DEPARTMENTS, path, scope, Words("权限范围", "scope"), SCOPES)
            elif scope not in TYPES["system"]:
                wrong = Words(f"部门系统不得持有“{scope}”。", f"No department's system may hold “{scope}”.")
                yield Mistake(DEPARTMENTS, path, wrong, Words("请删去。", "Remove it."))
            elif scope in department["scopes"][:index]:
                yield twice(DEPARTMENTS, path, scope, f"departments[{number}].scopes")


def _of_organisations(pack: Pack) -> Iterator[Mistake]:
    document = pack.loaded.get(ORGANISATIONS, {})
    organisations, sets = document.get("organisations", ()), document.get("sets", ())
    yield from _repeated(ORGANISATIONS, "organisations", "key", organisations)
    yield from _repeated(ORGANISATIONS, "organisations", "uscc", organisations)
    yield from _repeated(ORGANISATIONS, "sets", "key", sets)
    known = {one["key"] for one in organisations}
    what = Words("单位", "organisation")
    for number, one in enumerate(sets):
        path = f"sets[{number}]"
        for index, member in enumerate(one["members"]):
            if member not in known:
                yield unknown(ORGANISATIONS, f"{path}.members[{index}]", member, what, known)
            elif member in one["members"][:index]:
                yield twice(ORGANISATIONS, f"{path}.members[{index}]", member, f"{path}.members")
        yield from _of_dated_members(path, one, known)


def _of_dated_members(path: str, one: Mapping[str, Any], known: Iterable[str]) -> Iterator[Mistake]:
    for index, member in enumerate(one["dated_members"]):
        where = f"{path}.dated_members[{index}]"
        if member["organisation"] not in known:
            what = Words("单位", "organisation")
            yield unknown(ORGANISATIONS, f"{where}.organisation", member["organisation"], what, known)
        if member["until_on"] is not None and member["until_on"] <= member["from_on"]:
            wrong = Words("结束须晚于开始。", "The end must be after the start.")
            first = member["from_on"]
            instead = Words(f"请写 {first} 之后的日期。", f"Write a day after {first}.")
            yield Mistake(ORGANISATIONS, f"{where}.until_on", wrong, instead)


def _doubled(pack: Pack) -> Iterator[Mistake]:
    """Keys that must be one each over all files: programmes, figures and their numbers, and what each section defines."""
    first: dict[tuple[str, str], str] = {}
    for name, programme in pack.programmes.items():
        yield from _once(first, ("programme", programme["key"]), name, "key")
        for section in SECTIONS:
            for number, item in enumerate(programme[section]):
                yield from _once(first, (section, item["key"]), name, f"{section}[{number}].key")
        for number, figure in enumerate(programme["figures"]):
            for part in ("key", "number"):
                yield from _once(first, (f"figure {part}", figure[part]), name, f"figures[{number}].{part}")
    for number, template in enumerate(pack.loaded.get(MESSAGES, {}).get("templates", ())):
        yield from _once(first, ("template", template["key"]), MESSAGES, f"templates[{number}].key")


def _once(first: dict[tuple[str, str], str], what: tuple[str, str], name: str, path: str) -> Iterator[Mistake]:
    if what in first:
        yield twice(name, path, what[1], first[what])
    first.setdefault(what, name)


def _repeated(name: str, section: str, part: str, items: Iterable[Mapping[str, Any]]) -> Iterator[Mistake]:
    seen: dict[str, str] = {}
    for number, item in enumerate(items):
        if item[part] is None:
            continue
        if item[part] in seen:
            yield twice(name, f"{section}[{number}].{part}", item[part], f"{name} {seen[item[part]]}")
        seen.setdefault(item[part], f"{section}[{number}]")


def _of_programmes(pack: Pack) -> Iterator[Mistake]:
    for name, programme in pack.programmes.items():
        used = {mechanism for section, mechanism in SECTIONS.items() if programme[section]}
        for mechanism in sorted(used - set(programme["waits_for"])):
            if MECHANISMS[mechanism].is_built:
                continue
            wrong = Words(
                f"本项目用到的{MECHANISMS[mechanism].zh}尚未建成。",
                f"It uses {MECHANISMS[mechanism].en}, which the platform does not have yet.",
            )
            yield Mistake(name, "waits_for", wrong, Words(f"请加上 “{mechanism}”。", f"Add “{mechanism}”."))
        if not name.rpartition("/")[2].startswith(f"{programme['key'].lower()}-"):
            key = programme["key"].lower()
            wrong = Words("文件名与编号不符。", "The file's name does not begin with its key.")
            yield Mistake(name, "key", wrong, Words(f"文件名应以 {key}- 开头。", f"Name the file {key}-….toml."))
        if programme["status"] != "running" and (
            flows := [one["key"] for one in programme["figures"] if one["kind"] == "flow"]
        ):
            wrong = Words(
                f"未实施的项目不能有流量指标 {flows[0]}。", f"What does not run yet has no flow to count: {flows[0]}."
            )
            yield Mistake(name, "status", wrong, one_of("running", ["running"]))


#: What to write where a definition does not go together; of a unit, the units there are.
_REMEDIES = {
    "display.grain": Words("如 grain = 10。", "Write grain = 10, for instance."),
    "of.field": Words("请写 field = 该字段的键。", "Write field = the key of the number."),
    "of.role": Words("请删去 role。", "Remove the role."),
    "of.kinds": Words("请写 kinds = [ 一个参数的键 ]。", "Write kinds = [ the key of one parameter ]."),
    "count": Words("请改写 count 或 of.mechanism。", "Write another count, or another of.mechanism."),
    "starts_on": Words("请删去 starts_on，或写 kind = flow。", "Remove starts_on, or write kind = flow."),
}


def _of_figures(pack: Pack) -> Iterator[Mistake]:
    for name, path, figure in pack.each("figures"):
        for parts, text in contradictions(figure):
            key = ".".join(parts)
            remedy = _REMEDIES.get(key) or one_of(figure["unit"], UNITS_OF[figure["count"]])
            yield Mistake(name, f"{path}.{key}", Words(text.zh, str(text)), remedy)


def _remarks(pack: Pack) -> Iterator[Remark]:
    if CITY in pack.loaded:
        yield from calendars.remarks(pack.loaded[CITY]["calendar"])
    for number, one in enumerate(pack.loaded.get(ORGANISATIONS, {}).get("sets", ())):
        listed = len(one["members"]) + len({member["organisation"] for member in one["dated_members"]})
        if one["stated"] is not None and one["stated"] != listed:
            words = Words(
                f"{one['zh']}：出处称 {one['stated']} 家，列出 {listed} 家。",
                f"{one['en']}: its source says {one['stated']}, {listed} are listed.",
            )
            yield Remark(ORGANISATIONS, f"sets[{number}].members", words)
