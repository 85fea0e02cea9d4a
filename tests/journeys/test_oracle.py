"""No report tells whether a document is on record: known and unknown ones cannot be told apart from outside reach, over HTTP.

The first platform gave a full ID number away in five seconds: a dry run said `differs` for the one birth date that was right.
"""

from __future__ import annotations

import datetime as dt
import json
import statistics
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from examples.client import Client
from examples.rosters import id_number as id_number_of
from tests.support.towns import Town

SCOPES = (
    "registry:read",
    "people:read",
    "people:write",
    "people:import",
    "people:import_results",
    "affiliations:report",
)
HEADERS = "姓名,证件类型,证件号码,手机号,学校,身份,入学日期"
#: Of the record and the moment, not of what is known.
VARYING = {"id", "created_at", "id_number_masked"}
SAMPLES = 30
_serials = iter(range(700_000, 800_000))


@pytest.fixture
def university(town: Town) -> dict[str, Any]:
    return town.organisation("university")


@pytest.fixture
def stranger(town: Town) -> Client:
    return town.platform.client(f"guesser{town.number}", f"guesser_{town.number}", *SCOPES)


def number() -> str:
    return id_number_of(dt.date(2003, 5, 6), next(_serials))


def on_record(town: Town, university: dict[str, Any]) -> str:
    """The document of a student the town knows, phone and e-mail address too."""
    document = number()
    about = {"name": "欧阳小小", "id_type": "resident_id", "id_number": document}
    person = town.client.post("/v1/people", {**about, "phone": "19900112233", "email": "victim@example.com"})
    town.affiliate(person["id"], university)
    return document


def reported(client: Client, document: str, name: str) -> tuple[Any, ...]:
    """What a single report is answered with, but for what every answer has of its own."""
    body = {"name": name, "id_type": "resident_id", "id_number": document}
    status, headers, answer = client.send("POST", "/v1/people", body, {"Idempotency-Key": f'"{uuid.uuid4()}"'})
    assert headers["Location"].endswith(answer["id"]) and answer["id_number_masked"][:6] == document[:6]
    shown = {name: value for name, value in answer.items() if name not in VARYING}
    return status, headers["ETag"], len(json.dumps(answer)), shown


@pytest.mark.parametrize("name", ["欧阳小小", "司马光"])
def test_a_single_report_of_a_known_document_is_answered_as_one_of_an_unknown(
    town: Town, university: dict[str, Any], stranger: Client, name: str
) -> None:
    assert reported(stranger, on_record(town, university), name) == reported(stranger, number(), name)


def test_nor_does_the_time_it_takes_tell(town: Town, university: dict[str, Any], stranger: Client) -> None:
    documents = [(on_record(town, university), number()) for _ in range(SAMPLES)]
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for turn, pair in enumerate(documents):
        both = list(zip((True, False), pair, strict=True))
        for is_known, document in both if turn % 2 else both[::-1]:
            began = time.perf_counter()
            reported(stranger, document, "司马光")
            seconds[is_known].append(time.perf_counter() - began)
    known, unknown = (statistics.median(seconds[is_known]) for is_known in (True, False))
    noise = statistics.quantiles(seconds[False], n=4)[2] - statistics.quantiles(seconds[False], n=4)[0]
    assert abs(known - unknown) < max(noise, 0.2 * unknown)


@pytest.mark.parametrize("mode", ["dry_run", "best_effort"])
def test_a_file_says_the_same_of_known_and_unknown_documents(
    town: Town, university: dict[str, Any], stranger: Client, tmp_path: Path, mode: str
) -> None:
    documents = [on_record(town, university), number()]
    rows = [f"司马光,居民身份证,{one},,{university['name']},学生,2024-09-01" for one in documents]
    path = tmp_path / "guesses.csv"
    path.write_text("\n".join([HEADERS, *rows]), encoding="utf-8")
    found = town.upload(path, mode=mode, client=stranger)
    listed = stranger.get(f"/v1/imports/{found['id']}/rows")["items"]
    assert [(one["verdict"], one["violations"]) for one in listed] == [("accepted", [])] * 2


def test_guessing_leads_to_no_contact_and_to_no_other_persons_record(
    town: Town, university: dict[str, Any], stranger: Client
) -> None:
    document = on_record(town, university)
    body = {"name": "欧阳小小", "id_type": "resident_id", "id_number": document, "email": "thief@example.com"}
    mine = stranger.post("/v1/people", body)
    assert (mine["email_masked"], mine["phone_masked"], mine["reported_by"]) == (
        "t***@example.com",
        None,
        [stranger.department],
    )
    assert town.client.get(f"/v1/people/{mine['id']}")["email_masked"] == "v***@example.com"
