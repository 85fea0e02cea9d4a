"""Another city is another pack: no word and no key of Jinzhong's pack stands in the code, but where this page says why."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from cli.city.reading import Pack, read
from tests.architecture import source
from tests.cities.conftest import JINZHONG

CODE = ("contracts", "chassis", "services", "gateway")
_CHINESE = re.compile(r"[\u4e00-\u9fff]{2,}")

#: Why a word of the pack may stand in the code. A word that has gone must leave the list below too.
REASONS = {
    "cited": "prose names the clause of the report a rule comes from, or an example; no code reads it",
    "seeded": "rows of a first migration, frozen; the pack describes the same kinds, and `city diff` finds them equal",
    "source": "the source that stands on every event, until the city's key is a setting",
    "vocabulary": "a word of the API's own vocabulary (kinds of organisations, roles, limits), which every city shares",
}
_KINDS = (
    *(
        "job_fair",
        "lecture",
        "matchmaking",
        "mentoring",
        "salon",
        "showcase",
        "sports",
        "study_tour",
        "talk",
        "training",
    ),
    "visit",
)
_HELD = dict.fromkeys(["P05", "P06", "P18", "P20", "P22", "P23", "P42", "P44"], "cited")
#: File → word → reason.
EXCEPTIONS: dict[str, dict[str, str]] = {
    "contracts/figures.py": {"matchmaking": "vocabulary"},
    "contracts/language/envelope.py": {"jinzhong": "source"},
    "contracts/talent/organisations.py": {"hostel": "vocabulary", "incubator": "vocabulary"},
    "contracts/vocabulary.py": {"employee": "vocabulary", "volunteer": "vocabulary"},
    "gateway/serving/rate_limits.py": {"policy": "vocabulary"},
    "services/events/activities/__init__.py": _HELD,
    "services/events/migrations/versions/0002_create_activities_and_registrations.py": dict.fromkeys(_KINDS, "seeded"),
    "services/events/migrations/versions/0003_add_is_confidential_to_activity_kinds.py": {"matchmaking": "seeded"},
    "services/perks/redemptions/__init__.py": {"P35": "cited"},
    "services/talent/migrations/versions/0013_create_affiliation_roles.py": {
        "employee": "seeded",
        "volunteer": "seeded",
    },
    "services/talent/organisations/sets.py": {"19所驻地高校": "cited"},
}


@cache
def pack() -> Pack:
    return read(JINZHONG)


def chinese_words() -> set[str]:
    """The city's name, its counties, chapters, departments and sets; what is shorter than two characters says nothing."""
    documents = pack().documents
    city, organisations = documents["city.toml"], documents["organisations.toml"]
    texts = [city["name"]["zh"], city["name"]["zh"].removesuffix("市")]
    texts += [one["zh"] for one in (*city["counties"], *city["chapters"], *organisations["sets"])]
    texts += [one["zh"] for one in organisations["organisations"]]
    texts += [
        one.get(part, one["zh"]) for one in documents["departments.toml"]["departments"] for part in ("zh", "short_zh")
    ]
    return {text for text in texts if _CHINESE.search(text)}


def keys() -> set[str]:
    """Keys of sets and of everything a programme defines; only as a whole string of the code, for they are also words."""
    found = {one["key"] for one in pack().documents["organisations.toml"]["sets"]}
    for programme in pack().programmes.values():
        for section, items in programme.items():
            if isinstance(items, list) and section not in ("departments", "figures", "waits_for"):
                found |= {one["key"] for one in items}
    return found


def strings(path: Path) -> Iterator[str]:
    """String constants that are no docstrings; in SQL, what stands in quotation marks too."""
    tree = source.tree(path)
    prose = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value
            yield from re.findall(r"'([a-z0-9_.]+)'", node.value)


def found_in(path: Path) -> set[str]:
    """What of the pack stands in a module."""
    text = source.text(path)
    programmes = {one["key"] for one in pack().programmes.values()}
    found = set(re.findall(r"\bP[0-9]{2}\b", text)) & programmes
    found |= {word for word in chinese_words() if word in text}
    found |= {"jinzhong"} if "jinzhong" in text.lower() else set()
    return found | (keys() & set(strings(path)))


def test_the_code_holds_nothing_of_one_city() -> None:
    found = {str(path): words for path in source.modules(*CODE) if (words := found_in(path))}
    named = {path: set(words) for path, words in EXCEPTIONS.items()}
    assert found == named


def test_every_exception_has_a_reason() -> None:
    assert {reason for words in EXCEPTIONS.values() for reason in words.values()} <= REASONS.keys()
