"""Who asks: the columns of the matrix of access, and the scopes each may hold and does hold.

Not here: what they are answered (``matrix``), the clients themselves (``town``).
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.auth.scopes import OF_A_PERSON, OPERATING, SCOPES, TYPES

#: Scopes of named offices: they govern what counts for everybody, or reach everybody.
OF_AN_OFFICE = frozenset(scope for scope in SCOPES if scope.endswith(":govern") or scope == "people:all")


@dataclass(frozen=True)
class Column:
    """One who asks: the heading, what it stands for, what such a client may hold, and what it holds here."""

    title: str
    stands_for: str
    may_hold: frozenset[str]
    holds: frozenset[str]


def _client(title: str, stands_for: str, kind: str, holds: frozenset[str] | None = None) -> Column:
    may_hold = TYPES[kind]
    return Column(title, stands_for, may_hold, may_hold if holds is None else holds)


_DEPARTMENTS = TYPES["system"] - OF_AN_OFFICE
_OF_A_PERSON = TYPES["channel"] & OF_A_PERSON

OWN = _client(
    "own department",
    "a system of the department that reported the person and made the record; no organisation trusts it",
    "system",
    _DEPARTMENTS,
)
TRUSTED = _client(
    "trusted",
    "a system of a department that the person's organisation and the place trust; it has reported nothing",
    "system",
    _DEPARTMENTS,
)
FOREIGN = _client(
    "foreign", "a system of a department that has nothing to do with person and record", "system", _DEPARTMENTS
)
NONE = _client("no scope", "a system without the scope", "system", frozenset())
OFFICE = _client("city office", "a system of a named office: every scope of a system", "system")
PERSON = Column("the person", "a channel with a token for the person", _OF_A_PERSON, _OF_A_PERSON)
ANOTHER = Column("another person", "the same channel with a token for somebody else", _OF_A_PERSON, _OF_A_PERSON)
DEVICE = _client("device", "a device of the own department, bound to the place or activity", "device")
ELSEWHERE = _client("device elsewhere", "another one, bound to another place", "device")
OPERATOR = _client("operator", "an operator's client", "operator", frozenset(OPERATING))
AUDITOR = _client("auditor", "an auditor's client", "auditor")

COLUMNS = (OWN, TRUSTED, FOREIGN, NONE, OFFICE, PERSON, ANOTHER, DEVICE, ELSEWHERE, OPERATOR, AUDITOR)
