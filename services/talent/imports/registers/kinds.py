"""The kinds of import that registers make: ``register.<key>``, each from the kind as it stands."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from chassis.imports.kinds import MAX_ROWS_PER_GROUP, ImportKind, KindsAsData
from chassis.store.work import Work
from contracts.language.refusals import Refusal
from contracts.language.violations import Violation
from services.talent.imports.registers.applying import apply_entries
from services.talent.imports.registers.columns import columns_of, given_of, names_of, unreadable
from services.talent.imports.registers.rows import group_of, read_row
from services.talent.registers import NotAReporter
from services.talent.registers.rules import Kind
from services.talent.registers.stored_kinds import all_kinds, find_kind

PREFIX = "register."
_TOO_OFTEN = Violation(
    "",
    "entry_listed_too_often",
    f"同一条记录在文件中超过 {MAX_ROWS_PER_GROUP} 行，请删除重复的行。",
    f"The same entry is on more than {MAX_ROWS_PER_GROUP} rows of this file.",
)


class RegisterNeedsPersons(Refusal):
    """An entry needs a person, who is known by a document; files of registers hold none."""

    kind = "unprocessable"
    code = "talent.register_needs_persons"
    zh = "此台账的每条记录必须有人员（{names}），不能用文件报送；请逐条报送。"
    en = "Every entry of this register needs a person ({names}), so it cannot be sent by file; report entries one by one."


class RegisterNamesOrganisations(Refusal):
    """The file of a register names organisations in its own columns."""

    kind = "unprocessable"
    code = "talent.register_names_organisations"
    zh = "台账文件以各列写明单位，上传时不能另行指定单位。"
    en = "A register's file names organisations in its columns; an upload of it names none."


def find(work: Work, key: str) -> ImportKind | None:
    """The kind of import of a register; None where there is no such register."""
    if not key.startswith(PREFIX):
        return None
    kind = find_kind(work, key.removeprefix(PREFIX))
    return made_of(kind) if kind is not None else None


def listed(work: Work) -> list[ImportKind]:
    """Those the caller's department reports, and can report by file."""
    kinds = [kind for kind in all_kinds(work) if work.caller.department in kind.reporters]
    return [made_of(kind) for kind in kinds if not unreadable(kind)]


def made_of(kind: Kind) -> ImportKind:
    """The kind of import that a kind of register makes."""
    columns = columns_of(kind)
    return ImportKind(
        f"{PREFIX}{kind.key}",
        zh=kind.name["zh-CN"],
        en=kind.name["en"],
        columns=columns,
        read_row=read_row,
        apply=partial(apply_entries, kind_key=kind.key, names=names_of(columns)),
        group_of=group_of,
        too_often=_TOO_OFTEN,
        given=given_of(kind),
        check=partial(_check, kind=kind),
        check_organisation=_refuse_organisation,
    )


def _check(work: Work, *, kind: Kind) -> None:
    if work.caller.department not in kind.reporters:
        raise NotAReporter()
    if names := unreadable(kind):
        raise RegisterNeedsPersons(names="、".join(names))


def _refuse_organisation(work: Work, organisation_id: UUID) -> Any:
    raise RegisterNamesOrganisations()


REGISTERS = KindsAsData(find, listed)
