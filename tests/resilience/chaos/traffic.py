"""The city at work: clients of the gateway that import rosters, report and end affiliations, and redeem passes.

Lives here: the requests sent over HTTP, and what is recorded of their answers. Not here: repeating a request
(``acknowledged``), what must follow from the answers (``counting``), how many clients there are (``run``). A flow is a function
of a ``Clerk``: one round of its work.
"""

from __future__ import annotations

import datetime as dt
import itertools
import random
import threading
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from examples import rosters
from examples.city import Place, credit_code
from examples.client import ApiError, Client
from examples.rosters import Member
from examples.rosters import id_number as id_number_of
from tests.resilience.chaos.acknowledged import Acknowledged, GivenUp, Patience

SCHEME, UNIVERSITIES, AREAS = "chaos_pass", "chaos_universities", "chaos_areas"
FROM = "2023-01-01"
STUDENT_FROM = dt.date(2024, 9, 1)
#: An affiliation ends on a day that is past wherever the run is, and the next of the same person begins on it.
ENDED_ON = dt.date(2025, 3, 1)
PLACES = 5
#: One serial of an invented ID number and a birthday together are one person.
SERIALS = 50_000
PAGE = 200


@dataclass
class Clerk:
    """One client at work: its connection to the gateway and what all clients share."""

    client: Client
    town: Setting
    acknowledged: Acknowledged
    patience: Patience
    over: threading.Event
    choose: random.Random
    folder: Path

    def ask(self, request: Callable[[Client], Any]) -> Any:
        """The answer of a request that may be sent any number of times."""
        return self.patience.ask(lambda: request(self.client))

    def post(self, path: str, body: Any) -> Any:
        """A write, repeated under one key until it is answered."""
        key = uuid.uuid4().hex
        return self.ask(lambda client: client.post(path, body, key=key))


@dataclass
class Setting:
    """What the clients found when they began, and what they hand to one another."""

    universities: list[dict[str, Any]]
    places: list[str]
    roster_rows: tuple[int, ...]
    activity: str = ""
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    enrolled: deque[str] = field(default_factory=deque)
    """Affiliations not ended yet; only the client that takes one out may end it."""


Flow = Callable[[Clerk], None]


def prepare(client: Client, roster_rows: tuple[int, ...]) -> Setting:
    """Organisations, their sets and the scheme: what is there before the first fault."""
    universities = [_organisation(client, "university", number) for number in range(2)]
    places = [_organisation(client, "scenic_area", 100 + number) for number in range(PLACES)]
    for key, members in ((UNIVERSITIES, universities), (AREAS, places)):
        rows = [{"organisation_id": member["id"], "from_on": FROM} for member in members]
        body = {"name": {"zh-CN": key, "en": key}, "members": rows}
        client.put(f"/v1/organisation-sets/{key}", body, if_none_match="*")
    clause = f"affiliations.exists(a, a.current && a.role == 'student' && '{UNIVERSITIES}' in a.sets)"
    scheme = {
        "name": {"zh-CN": "免首道门票", "en": "Free first gate"},
        "source": "P35",
        "from_on": FROM,
        "covers": "first_gate",
        "relation": [{"place_set_key": AREAS, "institution_set_key": UNIVERSITIES, "from_on": FROM}],
        "clauses": [
            {"id": "student", "expr": clause, "message": {"zh-CN": "须为学生", "en": "student"}, "source": "P35"}
        ],
        "limit": {"count": 1, "per": "place", "window": "shanghai_day", "assumption": True},
    }
    client.put(f"/v1/schemes/{SCHEME}", scheme, if_none_match="*")
    return Setting(universities, [place["id"] for place in places], roster_rows)


def _organisation(client: Client, kind: str, number: int) -> dict[str, Any]:
    uscc = credit_code("12", 700_000 + number)
    body = {"kind": kind, "name": f"{kind} 之 {number}", "uscc": uscc, "trusted_departments": [client.department]}
    return dict(client.post("/v1/organisations", body))


def work(flow: Flow, clerk: Clerk, pause: float) -> None:
    """Run a flow again and again, about `pause` seconds between; a request refused or never answered is recorded."""
    try:
        while not clerk.over.wait(clerk.choose.uniform(0, 2 * pause)):
            flow(clerk)
    except GivenUp:
        clerk.acknowledged.stuck.append(f"{flow.__name__}: a request was never answered")
    except ApiError as error:
        clerk.acknowledged.wrong.append(f"{flow.__name__}: refused with {error}")


# -- imports


def import_roster(clerk: Clerk) -> None:
    """Upload one roster of new people, every third twice at the same time, and read its verdicts."""
    number = next(clerk.town.numbers)
    university = clerk.choose.choice(clerk.town.universities)
    members = _new_members(clerk, clerk.town.roster_rows[number % len(clerk.town.roster_rows)])
    path = clerk.folder / f"roster-{number}.xlsx"
    rosters.write(Place("university", university["name"], None, university["uscc"], True), members, path)
    copies = 2 if number % 3 == 0 else 1
    with ThreadPoolExecutor(copies) as senders:
        found = list(senders.map(lambda _: _imported(clerk, path), range(copies)))
    path.unlink()
    clerk.acknowledged.documents.update(member.id_number for member in members)
    verdicts = {verdict for rows in found for verdict, _ in rows}
    if not verdicts <= {"accepted", "unchanged"} or any(len(rows) != len(members) for rows in found):
        clerk.acknowledged.wrong.append(f"roster {number}: {len(members)} rows, verdicts {sorted(verdicts)}")
    affiliations = sorted({affiliation for rows in found for _, affiliation in rows})
    clerk.acknowledged.affiliations.update(affiliations)
    clerk.town.enrolled.extend(affiliations)


def _new_members(clerk: Clerk, count: int) -> list[Member]:
    members = []
    for number in itertools.islice(clerk.town.numbers, count):
        born = dt.date(2000, 1, 1) + dt.timedelta(days=number // SERIALS)
        serial = number % SERIALS
        members.append(
            Member(
                name=f"张三{'甲乙丙丁戊己庚辛'[number % 8]}",
                id_number=id_number_of(born, serial),
                phone=f"199000{serial:05d}",
                email=f"member{serial:05d}@youth.example",
                role="学生",
                from_on=STUDENT_FROM,
                until_on=None,
            )
        )
    return members


def _imported(clerk: Clerk, path: Path) -> list[tuple[str, str]]:
    """Upload a file and wait for its end: the verdict and the affiliation of every row."""
    key = uuid.uuid4().hex
    started = clerk.ask(lambda client: client.upload("/v1/imports", path, key=key, kind="roster", mode="best_effort"))
    url = f"/v1/imports/{started['id']}"
    while (found := clerk.ask(lambda client: client.get(url)))["state"] not in ("done", "rejected", "failed"):
        if clerk.patience.given_up.wait(0.3):
            raise GivenUp
    if found["state"] != "done":
        clerk.acknowledged.wrong.append(f"import {started['id']} {found['state']}: {found['reason']}")
    rows: list[tuple[str, str]] = []
    cursor: str | None = None
    while True:
        page = clerk.ask(lambda client, cursor=cursor: client.get(f"{url}/rows", limit=PAGE, cursor=cursor))
        rows += [(row["verdict"], row["affiliation_id"]) for row in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    clerk.acknowledged.imports[started["id"]] = len(rows)
    return rows


# -- changes of affiliations


def change_affiliation(clerk: Clerk) -> None:
    """Register and enrol a person; end somebody's affiliation; every second time let the person begin anew."""
    (member,) = _new_members(clerk, 1)
    body = {"name": member.name, "id_type": "resident_id", "id_number": member.id_number, "phone": None}
    person = clerk.post("/v1/people", body)
    clerk.acknowledged.documents.add(member.id_number)
    _enrol(clerk, person["id"], clerk.choose.choice(clerk.town.universities)["id"], STUDENT_FROM)
    if not clerk.town.enrolled:
        return
    chosen = clerk.town.enrolled.popleft()
    ended = clerk.post(f"/v1/affiliations/{chosen}/end", {"until_on": ENDED_ON.isoformat()})
    clerk.acknowledged.ended.add(chosen)
    if clerk.choose.random() < 0.5:
        _enrol(clerk, ended["person_id"], ended["organisation_id"], ENDED_ON)


def _enrol(clerk: Clerk, person_id: str, organisation_id: str, from_on: dt.date) -> None:
    body = {
        "person_id": person_id,
        "organisation_id": organisation_id,
        "role": "student",
        "from_on": from_on.isoformat(),
    }
    reported = clerk.post("/v1/affiliations", body)
    clerk.acknowledged.affiliations.add(reported["id"])


# -- redemptions


def redeem_pass(clerk: Clerk) -> None:
    """Take somebody's pass through the gates: two places, the first of them twice, and one scan sent again."""
    if not clerk.town.enrolled:
        return
    chosen = clerk.choose.choice(list(clerk.town.enrolled)[:500])
    person_id = clerk.ask(lambda client: client.get(f"/v1/affiliations/{chosen}"))["person_id"]
    found = clerk.ask(lambda client: client.get("/v1/entitlements", person_id=person_id, scheme_key=SCHEME))["items"]
    if not found:
        return  # not granted yet
    try:
        token = clerk.ask(lambda client: client.get(f"/v1/entitlements/{found[0]['id']}/pass"))["token"]
    except ApiError as error:
        if error.problem["code"] == "perks.entitlement_suspended":
            return  # ended by somebody meanwhile
        raise
    first, second = clerk.choose.sample(clerk.town.places, 2)
    for place in (first, second, first):
        nonce = uuid.uuid4().hex
        outcome = _scan(clerk, token, place, nonce)
        clerk.acknowledged.scans[nonce] = outcome
    again = _scan(clerk, token, first, nonce)
    if again != outcome:
        clerk.acknowledged.wrong.append(f"scan {nonce}: {outcome} at first, then {again}")


def _scan(clerk: Clerk, token: str, place_id: str, nonce: str) -> str:
    """The outcome of a scan: admitted, or the code of its refusal, which is a fact too."""
    try:
        answer = clerk.post("/v1/redemptions", {"pass": token, "place_id": place_id, "nonce": nonce})
    except ApiError as error:
        if not isinstance(error.problem, dict) or "redemption" not in error.problem:
            raise
        return str(error.problem["code"])
    return str(answer["outcome"])
