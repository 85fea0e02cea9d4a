"""The benchmark row of a rush: authenticated HTTP to commit, every registration for the same fair, against pgbench running the
same statements against one fair of its own.

One gateway worker and one events process with all its lanes; STUDENTS registrations (F28) for a fair of SEATS seats, IN_FLIGHT
at a time, each by the student's own token and with its idempotency key, history and outbox row. Both sides queue for the lock of
one row.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import uuid
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from bench.processes import lines_of
from bench.rounds import Row, compare
from chassis.store import idempotency
from deploy.local.packages import find_program
from deploy.local.throwaway import ThrowawayPlatform
from gateway.auth.clients import Principal
from gateway.auth.tokens import Tokens
from services.events.registrations import statements

STUDENTS, SEATS = 3_600, 1_000
IN_FLIGHT = 64
PGBENCH_SECONDS = 5
UNIVERSITY = "00000000-0000-7000-8000-0000000000bb"


class Fairs:
    """A platform with STUDENTS students, and a new fair for every rush."""

    def __init__(self, platform: ThrowawayPlatform) -> None:
        self.platform = platform
        url = platform.databases["events"]
        self.engine = create_engine(make_url(url).set(drivername="postgresql+psycopg2"))
        self.host = platform.url.removeprefix("http://")
        key_dir = Path(platform.environment["KEY_DIR"])
        tokens = Tokens.from_file(key_dir / "token_signing.json", is_dev=True, issuer=platform.url)
        scopes = frozenset({"registrations:write"})
        #: Each student's, as the app gets it when they sign in.
        self.tokens = [
            tokens.issue(Principal("bench", "youth_league", scopes, "channel", f"person:{_student(number)}"), scopes)
            for number in range(1, STUDENTS + 1)
        ]
        self.slowest: list[str] = []
        with self.engine.begin() as connection:
            connection.exec_driver_sql(_FACTS)
            connection.exec_driver_sql("analyze")

    def make(self) -> tuple[uuid.UUID, uuid.UUID]:
        """An open fair and its session."""
        fair, session = uuid.uuid4(), uuid.uuid4()
        with self.engine.begin() as connection:
            names = {"fair": fair, "session": session, "university": UNIVERSITY, "seats": SEATS}
            for statement in _FAIR:
                connection.execute(text(statement), names)
        return fair, session

    def rush_rate(self) -> float:
        """Registrations per second of STUDENTS students for one fair."""
        fair, session = self.make()
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            for number, token in enumerate(self.tokens, 1):
                file.write(f"{token}\t{json.dumps({'person_id': str(_student(number))})}\n")
            file.flush()
            env = {"LOAD_PATH": f"/v1/activities/{fair}/registrations", "IN_FLIGHT": str(IN_FLIGHT)}
            *_, slowest, rate = lines_of("bench.http_load", self.host, file.name, env=env)
        self.slowest.append(slowest)
        self._check(session)
        return float(rate)

    def _check(self, session: uuid.UUID) -> None:
        with self.engine.connect() as connection:
            statement = text("""select seats_taken, waiting from sessions where id = :session""")
            found = tuple(connection.execute(statement, {"session": session}).one())
        assert found == (SEATS, STUDENTS - SEATS), f"{found} of {SEATS} seats and {STUDENTS} students"

    def backlog(self) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(text("""select count(*) from outbox where position is null""")).scalar_one())

    def pgbench_rate(self) -> float:
        """Transactions per second of the same statements, sent by pgbench."""
        program = find_program("pgbench")
        assert program is not None
        url = make_url(self.platform.databases["events"])
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
            file.write(_transaction(*self.make()))
            file.flush()
            done = subprocess.run(
                [
                    str(program), "-n", "-f", file.name, "-c", str(IN_FLIGHT), "-j", "2", "-T", str(PGBENCH_SECONDS),
                    "-h", str(url.host), "-p", str(url.port), "-U", str(url.username), str(url.database),
                ],
                env={**os.environ, "PGPASSWORD": str(url.password or "")},
                capture_output=True,
                text=True,
                check=True,
            )  # fmt: skip
        return float(re.search(r"tps = ([\d.]+)", done.stdout)[1])  # type: ignore[index]


def rows(platform: ThrowawayPlatform) -> list[Row]:
    """The rush, beside pgbench."""
    platform.start_service("events", "events")
    platform.start_gateway()
    for name in ("events", "gateway"):
        platform.wait_for(name)
    fairs = Fairs(platform)
    backlogs: list[int] = []

    def rush_and_look() -> float:
        rate = fairs.rush_rate()
        backlogs.append(fairs.backlog())
        return rate

    row = compare(
        "registration_vs_pgbench",
        candidate=rush_and_look,
        baseline=fairs.pgbench_rate,
        unit="registrations/s",
        floor=0.1,
    )
    note = f"{STUDENTS} on one fair, {' / '.join(fairs.slowest)}, backlog at the end {max(backlogs)} events"
    return [Row(**{**row.__dict__, "note": note})]


def _student(number: int) -> uuid.UUID:
    return uuid.UUID(f"00000000-0000-7000-b000-{number:012x}")


_FACTS = f"""
insert into organisations values ('{UNIVERSITY}', 1, 'university', 'active');
insert into people select ('00000000-0000-7000-b000-' || lpad(to_hex(n), 12, '0'))::uuid, 1
    from generate_series(1, {STUDENTS}) n;
insert into affiliations select ('00000000-0000-7000-a000-' || lpad(to_hex(n), 12, '0'))::uuid, 1,
    ('00000000-0000-7000-b000-' || lpad(to_hex(n), 12, '0'))::uuid, '{UNIVERSITY}', 'student', 'confirmed', '2024-09-01'
    from generate_series(1, {STUDENTS}) n;
"""
_FAIR = (
    "insert into activities (id, kind, programme, title, organiser_id, co_organiser_ids, department, client_id, open_to,"
    " promotion, offer_hours, state, starts_at, ends_at, is_voiding, version, created_at) values (:fair, 'job_fair',"
    """ 'job_fairs', '{"zh-CN"\\: "招聘会", "en"\\: "Job fair"}', :university, '[]', 'bench', 'bench',"""
    """ '[{"role"\\: "student", "organisation_kind"\\: "university"}]', 'automatic', 24, 'open',"""
    " now() + interval '1 day', now() + interval '2 days', false, 1, now())",
    "insert into sessions (id, activity_id, activity_state, starts_at, ends_at, capacity, seats_taken, waiting, last_number,"
    " last_is_seated) values (:session, :fair, 'open', now() + interval '1 day', now() + interval '2 days', :seats, 0, 0, 0,"
    " false)",
)

#: What the service binds, as SQL pgbench can send: a literal, or something as cheap to compute.
_LITERALS = {
    "lock": "hashtextextended(gen_random_uuid()::text, 0)",
    "client_id": "'pgbench'",
    "key": "concat('k', :k)",
    "method": "'register'",
    "fingerprint": "'\\\\x00'::bytea",
    "created_at": "now()",
    "now": "now()",
    "day": "current_date",
    "id": "gen_random_uuid()",
    "merged_from": "cast(null as uuid)",
    "person_id": "('00000000-0000-7000-c000-' || lpad(to_hex(:k), 12, '0'))::uuid",
    "department": "'pgbench'",
}


def _transaction(fair: uuid.UUID, session: uuid.UUID) -> str:
    """The statements of a registration as pgbench sends them: the service's own texts, with literals where it binds values."""
    values = {**_LITERALS, "activity_id": f"'{fair}'::uuid", "session_id": f"'{session}'::uuid"}

    def literal(statement: object) -> str:
        sql = re.sub(r"(?<!:):([a-z_]+)", lambda found: values[found[1]], str(statement))
        return " ".join(sql.split()) + ";\n"

    history = (
        "insert into history values (gen_random_uuid(), 'registration', gen_random_uuid()::text, null, 'confirmed',"
        " current_date, now(), 'pgbench', 'pgbench', 'r', null);\n"
    )
    # marked as published, so that the relay of the process beside has nothing to do with it
    outbox = (
        "insert into outbox (id, created_at, type, subject_id, version, body, position) values (gen_random_uuid(), now(),"
        f" 'events.registration.confirmed.v1', gen_random_uuid()::text, 1, '{'x' * 800}', :k);\n"
    )
    reply = json.dumps({"state": "confirmed", "padding": "x" * 400})
    store = f"update idempotency_keys set reply = '{reply}' where client_id = 'pgbench' and key = concat('k', :k);\n"
    steps = [
        "begin;\n",
        literal(idempotency._CLAIM),
        literal(statements.LOOK_UP),
        literal(statements.INSERT),
        store,
        history,
        outbox,
        "commit;\n",
    ]
    return "\\set k random(1, 200000000000000)\n" + "".join(steps)
