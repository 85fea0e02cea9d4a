"""Eligibility: named clauses in CEL over a person's facts. The one module that knows CEL.

What a clause sees are four names:

* ``affiliations``: a list of ``{role, state, organisation_id, organisation_kind, sets, from_on, until_on, current}``, dates
  as ISO text, `until_on` empty where open, `sets` the keys of the sets the organisation belongs to today, `current` true
  when it is confirmed and its period holds today;
* ``facts``: a list of ``{kind, department, from_on, until_on, current, fields}``, what departments have verified; `current` is
  true when the period holds today, `fields` are the declared ones that events carry;
* ``age``: in full years today, -1 where it is not known. Of a birthday the month alone is known: an age is reached on the first
  day of the month after it (``rules.ages``);
* ``today``: the day in Shanghai, as ISO text.

A clause is met when its expression is true; anything else, and any error, is not met. CEL itself has no cost limit, so a
clause is at most MAX_EXPRESSION characters with MAX_MACROS macros, and no list has more than MAX_ITEMS items, whether it is
given or written in the expression.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

import cel

MAX_EXPRESSION = 1_000
MAX_MACROS = 2
MAX_ITEMS = 100
MAX_AFFILIATIONS = MAX_ITEMS
# The bare word, wherever it stands: between a dot and its macro there may be blanks, line breaks and comments, and what
# is a text and what is not cannot be decided without a parser.
_MACRO = re.compile(r"\b(all|exists|exists_one|existsOne|filter|map|transformList|transformMap|optMap|optFlatMap)\b")

#: The names that only some clauses use; what stands behind them is read for those alone.
FACTS, AGE = "facts", "age"
_NAMED = re.compile(rf"\b({FACTS}|{AGE})\b")

Facts = Mapping[str, Any]

#: What every expression is tried on before it is published: a person of whom nothing is known, one with an open and an ended
#: affiliation, and one with facts, an open and an ended one.
SAMPLES: tuple[dict[str, Any], ...] = (
    {"today": "2023-10-27", "affiliations": [], "facts": [], "age": -1},
    {
        "today": "2023-10-27",
        "affiliations": [
            {
                "role": role,
                "state": state,
                "organisation_id": "01890000-0000-7000-8000-000000000000",
                "organisation_kind": "university",
                "sets": ["sample"],
                "from_on": "2022-09-01",
                "until_on": until_on,
                "current": state == "confirmed",
            }
            for role, state, until_on in (("student", "confirmed", ""), ("staff", "ended", "2023-01-01"))
        ],
        "facts": [],
        "age": 20,
    },
    {
        "today": "2023-10-27",
        "affiliations": [],
        "facts": [
            {
                "kind": "sample",
                "department": "sample",
                "from_on": "2022-09-01",
                "until_on": until_on,
                "current": not until_on,
                "fields": {},
            }
            for until_on in ("", "2023-01-01")
        ],
        "age": 65,
    },
)


@functools.lru_cache(maxsize=512)
def _compiled(expression: str) -> Any:
    return cel.compile(expression)


def names_in(clauses: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Which of FACTS and AGE the clauses use; a word in a text may count as used, and does no harm."""
    return frozenset().union(*(_NAMED.findall(clause["expr"]) for clause in clauses))


def flaw_of(expression: str) -> str | None:
    """What is wrong with an expression, in words for its author; None when it may be published."""
    if len(expression) > MAX_EXPRESSION:
        return f"longer than {MAX_EXPRESSION} characters"
    if len(_MACRO.findall(expression)) > MAX_MACROS:
        return f"more than {MAX_MACROS} macros"
    # items are parted by commas, so this bounds every list it can write, nested ones together
    if expression.count(",") > MAX_ITEMS:
        return f"more than {MAX_ITEMS} commas"
    try:
        program = _compiled(expression)
        answers = [program.execute(dict(sample)) for sample in SAMPLES]
    except Exception as error:
        return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    if not all(isinstance(answer, bool) for answer in answers):
        return "does not give true or false"
    return None


def is_met(expression: str, facts: Facts) -> bool:
    """Whether the facts meet one clause."""
    try:
        return _compiled(expression).execute(facts) is True
    except Exception:
        return False


def decide(clauses: Sequence[Mapping[str, Any]], facts: Facts) -> list[dict[str, Any]]:
    """Every clause with whether it is met: ``[{clause, met, message, source}]``. Entitled when all are."""
    return [
        {
            "clause": clause["id"],
            "met": is_met(clause["expr"], facts),
            "message": clause["message"],
            "source": clause["source"],
        }
        for clause in clauses
    ]
