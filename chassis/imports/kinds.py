"""A kind of import: which columns its files have, how a row is read, how rows are applied.

Lives here: the values a service declares. The child process imports it, so it needs the standard library alone.

::

    ROSTER = ImportKind("roster", zh="名册", en="Roster", columns=COLUMNS, read_row=read_row, apply=apply_rows)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from contracts.language.violations import Violation

if TYPE_CHECKING:  # the child process has no use for it, and its import takes as long as the barrier
    from uuid import UUID

#: A filled row as the child process gives it: ``row``, ``group``, and its ``values`` or its ``violations``.
Line = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """One column of a kind: its key among the values, its header in both languages, and the headers that mean the same.

    Of several such headers in a file the column's own name is read, else the one that stands first among `synonyms`: the most
    specific goes first. `or_given`: not required in a file whose import names the organisation. `allowed` are the texts the
    template offers in a drop-down list; `example` stands in its example row. `is_day`: its cells are days.
    """

    key: str
    zh: str
    en: str
    synonyms: tuple[str, ...]
    is_required: bool = True
    or_given: bool = False
    allowed: tuple[str, ...] = ()
    example: str = ""
    is_day: bool = False


@dataclass
class Verdict:
    """The verdict on one row: accepted, unchanged, differs or rejected. Of a person it holds masked values at most."""

    row: int
    verdict: str = "rejected"
    violations: list[dict[str, str]] = field(default_factory=list)
    record_id: UUID | None = None


#: ``read_row(cells by column key)``: the values of a row as a dict of JSON or an object with ``to_json()``, or a list of
#: Violation, what is wrong with its cells. An object may have ``notes``, pairs of a column key and the code of what had to be
#: inferred or left out to read its cell (``reasons.INFERRED``, ``reasons.WARNINGS``). Pure; runs in the child process.
#: A kind that is data has ``read_row(cells, given=…)``, with the `given` of its ImportKind.
ReadRow = Callable[..., Any]
#: ``group_of(row)``: equal for rows that must be applied together, None for a row of its own. Pure; runs in the child process.
GroupOf = Callable[[Any], object]
#: ``apply(work, lines, organisation_id=…)``: a verdict for each line, in their order. Refuses nothing.
Apply = Callable[..., list[Verdict]]


#: All rows of one group are applied in one transaction, so their number is limited.
MAX_ROWS_PER_GROUP = 20
TOO_OFTEN = Violation(
    "",
    "listed_too_often",
    f"同一对象在名单中超过 {MAX_ROWS_PER_GROUP} 行，请删除重复的行。",
    f"The same record is on more than {MAX_ROWS_PER_GROUP} rows of this list.",
)


def _alone(row: Any) -> object:
    return None


def _accept(work: Any, organisation_id: UUID) -> None:
    return None


def _as_it_is(work: Any, kind: ImportKind) -> ImportKind:
    return kind


def _accept_all(work: Any) -> None:
    return None


@dataclass(frozen=True)
class ImportKind:
    """A kind of import. `read_row` and `group_of` are module-level functions, which the child process imports by name."""

    key: str
    zh: str
    en: str
    columns: Sequence[Column]
    read_row: ReadRow
    apply: Apply
    group_of: GroupOf = _alone
    too_often: Violation = TOO_OFTEN
    people: Any = None
    """The ``People`` behind the records of the rows, for the audit; none where they are nobody's."""
    given: Any = None
    """What `read_row` has to know of a kind that is data, as JSON: it is sent along to the child process."""
    completed: Callable[[Any, ImportKind], ImportKind] = _as_it_is
    """``completed(work, kind)``: the kind with the columns that are data of the service."""
    check: Callable[[Any], None] = _accept_all
    """``check(work)``, when an upload is announced; raises what the kind refuses of its caller."""
    check_organisation: Callable[..., Any] = _accept
    """``check_organisation(work, organisation_id)``, when an import names one; raises what the kind refuses."""

    def required(self, *, is_given: bool) -> list[Column]:
        """The columns a file must have; `is_given`: its import names the organisation."""
        return [column for column in self.columns if column.is_required and not (column.or_given and is_given)]


#: The kinds of a service that are code, by key.
Kinds = Mapping[str, ImportKind]


@dataclass(frozen=True)
class KindsAsData:
    """The kinds of a service that are its data, so that a new one needs no deployment.

    ``find(work, key)``: the kind as it stands, None where there is none. ``listed(work)``: those the caller's department may
    upload.
    """

    find: Callable[[Any, str], ImportKind | None] = lambda work, key: None
    listed: Callable[[Any], Sequence[ImportKind]] = lambda work: ()


NO_DATA = KindsAsData()


def by_key(*kinds: ImportKind) -> dict[str, ImportKind]:
    """The kinds of a service, by key."""
    return {kind.key: kind for kind in kinds}
