"""The kinds of files talent imports."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from chassis.ground.settings import ServiceSettings
from chassis.imports import files
from chassis.imports.files import Uploads
from chassis.imports.kinds import MAX_ROWS_PER_GROUP, ImportKind, by_key
from chassis.store.audit import people_of
from chassis.store.work import Work
from contracts.language.violations import Violation
from services.talent import organisations
from services.talent.imports.registers.kinds import REGISTERS
from services.talent.imports.roster.applying import apply_roster
from services.talent.imports.roster.columns import COLUMNS
from services.talent.imports.roster.roles import completed
from services.talent.imports.roster.rows import group_of, read_row
from services.talent.people import keys as people_keys
from services.talent.people.keys import PeopleKeys

_TOO_OFTEN = Violation(
    "id_number",
    "person_listed_too_often",
    f"同一人在名单中超过 {MAX_ROWS_PER_GROUP} 行，请删除重复的行。",
    f"The same person is on more than {MAX_ROWS_PER_GROUP} rows of this roster.",
)


def load(settings: ServiceSettings) -> Uploads:
    """The imports of talent, with the keys they need; raises KeyProblem."""
    return files.load(settings, of_keys(people_keys.load(settings)), REGISTERS)


def of_keys(keys: PeopleKeys) -> dict[str, ImportKind]:
    """The kinds, with these keys."""
    return by_key(
        ImportKind(
            "roster",
            zh="名册",
            en="Roster",
            columns=COLUMNS,
            read_row=read_row,
            apply=partial(apply_roster, keys=keys),
            group_of=group_of,
            too_often=_TOO_OFTEN,
            people=people_of("record_id", of="affiliations"),
            completed=completed,
            check_organisation=_check_organisation,
        )
    )


def _check_organisation(work: Work, organisation_id: UUID) -> Any:
    return organisations.get_organisation(work, organisation_id=organisation_id)
