"""Benchmark rows of the gate: authenticated HTTP to commit, against pgbench running the same statements.

One gateway worker and one perks process, 32 scans in flight, each scan with its idempotency key, history, outbox and audit row.
``redemption_vs_pgbench`` has the relay paused (perks runs its rpc lane alone); in ``redemption_with_relay_vs_pgbench`` all
lanes run and the backlog left at the end must be under one second of work.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
import tempfile
import uuid
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from bench.processes import result_of
from bench.rounds import Row, compare
from chassis.store import idempotency
from chassis.store.audit import people_of
from deploy.local.packages import find_program
from deploy.local.throwaway import ThrowawayPlatform
from services.perks import passes, redemptions

SCANS = 4_000
IN_FLIGHT = 32
PGBENCH_SECONDS = 5
PLACE = "00000000-0000-7000-8000-0000000000aa"
UNIVERSITY = "00000000-0000-7000-8000-0000000000bb"
STARTED = "2024-09-01"


class Gate:
    """A platform with as many passes as there will be scans."""

    def __init__(self, platform: ThrowawayPlatform, passes_needed: int) -> None:
        self.platform = platform
        url = platform.databases["perks"]
        self.engine = create_engine(make_url(url).set(drivername="postgresql+psycopg2"))
        self.host = platform.url.removeprefix("http://")
        self.token = platform.client("bench", "culture_tourism", type="device", bound_to=[PLACE])._bearer()
        self._next = 0
        self._sign = self._signer()
        with self.engine.begin() as connection:
            connection.exec_driver_sql(_FACTS.format(count=passes_needed))
            connection.exec_driver_sql("analyze")

    def _signer(self) -> passes.PassKeys:
        key_dir = Path(self.platform.environment["KEY_DIR"])
        keys: passes.PassKeys = passes.PassKeys.from_file(key_dir / "pass_signing.json", is_dev=True)
        return keys

    def scan_rate(self) -> float:
        """Scans per second of SCANS unused passes."""
        issued = int(dt.datetime.now(dt.UTC).timestamp())
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            for _ in range(SCANS):
                self._next += 1
                claims = {
                    "entitlement_id": str(_entitlement(self._next)),
                    "scheme": "scenic_areas",
                    "holder": "张*",
                    "iat": issued,
                    "exp": issued + 86_400,
                }
                scan = {"pass": self._sign.sign(claims), "place_id": PLACE, "nonce": uuid.uuid4().hex}
                file.write(json.dumps(scan) + "\n")
            file.flush()
            env = {"LOAD_PATH": "/v1/redemptions", "LOAD_TOKEN": self.token, "IN_FLIGHT": str(IN_FLIGHT)}
            return result_of("bench.http_load", self.host, file.name, env=env)

    def backlog(self) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(text("""select count(*) from outbox where position is null""")).scalar_one())

    def pgbench_rate(self) -> float:
        """Transactions per second of the same statements, sent by pgbench."""
        program = find_program("pgbench")
        assert program is not None
        url = make_url(self.platform.databases["perks"])
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
            file.write(_TRANSACTION)
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
    """Both rows, one after the other on one platform."""
    platform.start_service("perks", "perks-rpc", "rpc")
    platform.start_gateway()
    for name in ("perks-rpc", "gateway"):
        platform.wait_for(name)
    gate = Gate(platform, SCANS * 7)
    first = compare(
        "redemption_vs_pgbench",
        candidate=gate.scan_rate,
        baseline=gate.pgbench_rate,
        unit="scans/s",
        floor=0.12,
        note="relay paused",
    )
    platform.stop("perks-rpc")
    with gate.engine.begin() as connection:
        connection.execute(text("""delete from outbox"""))
    platform.start_service("perks", "perks-all")
    platform.wait_for("perks-all")
    backlogs: list[int] = []

    def scan_and_look() -> float:
        rate = gate.scan_rate()
        backlogs.append(gate.backlog())
        return rate

    second = compare(
        "redemption_with_relay_vs_pgbench",
        candidate=scan_and_look,
        baseline=gate.pgbench_rate,
        unit="scans/s",
        floor=0.06,
    )
    note = f"backlog at the end {max(backlogs)} events"
    if max(backlogs) > second.value:
        note += ": MORE THAN A SECOND OF WORK"
    return [first, Row(**{**second.__dict__, "note": note})]


def _entitlement(number: int) -> uuid.UUID:
    return uuid.UUID(f"00000000-0000-7000-9000-{number:012x}")


_FACTS = f"""
insert into organisations values ('{PLACE}', 1, 'scenic_area', 'active'), ('{UNIVERSITY}', 1, 'university', 'active');
insert into organisation_sets values ('areas', 1), ('universities', 1);
insert into set_members values ('areas', '{PLACE}', '2023-01-01'), ('universities', '{UNIVERSITY}', '2023-01-01');
insert into schemes values ('scenic_areas', 1, true, '{{{{}}}}', 'P35', '2023-01-01', null, 'first_gate', '[]', 1, 'place',
    'shanghai_day', true, now(), 'bench', 'bench');
insert into scheme_relations values ('scenic_areas', 1, 0, 'areas', 'universities', '2023-01-01');
insert into affiliations select ('00000000-0000-7000-a000-' || lpad(to_hex(n), 12, '0'))::uuid, 1,
    ('00000000-0000-7000-b000-' || lpad(to_hex(n), 12, '0'))::uuid, '{UNIVERSITY}', 'student', 'confirmed', '{STARTED}'
    from generate_series(1, {{count}}) n;
insert into entitlements select ('00000000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid,
    ('00000000-0000-7000-b000-' || lpad(to_hex(n), 12, '0'))::uuid, 'scenic_areas', 1, 'active', '[]', now(), 1, now()
    from generate_series(1, {{count}}) n;
"""


#: What the service binds, as SQL pgbench can send: a literal, or something as cheap to compute.
_LITERALS = {
    "lock": "hashtextextended(gen_random_uuid()::text, 0)",
    "client_id": "'pgbench'",
    "key": "concat('k', :k)",
    "method": "'redeem_pass'",
    "fingerprint": "'\\\\x00'::bytea",
    "created_at": "now()",
    "entitlement_id": "('00000000-0000-7000-9000-' || lpad(to_hex(:n), 12, '0'))::uuid",
    "place_id": f"'{PLACE}'::uuid",
    "day": "current_date",
    "id": "gen_random_uuid()",
    "nonce": "gen_random_uuid()::text",
    "pass_digest": "'\\\\x00'::bytea",
    "scheme_key": "'scenic_areas'",
    "at": "now()",
    "scope": f"'{PLACE}'",
    "window": "gen_random_uuid()::text",
    "limit_count": "1",
    "holder": "'张*'",
    "department": "'pgbench'",
    "subject": "null",
    "merged_from": "null::uuid",
    "operation": "'redeem_pass'",
    "ids": "array['00000000-0000-7000-9000-' || lpad(to_hex(:n), 12, '0')]",
    "purpose": "null",
    "request_id": "'r'",
    "reply": f"'{json.dumps({'outcome': 'admitted', 'padding': 'x' * 500})}'",
}


def _transaction() -> str:
    """The statements of a scan as pgbench sends them: the service's own texts, with literals where it binds values."""

    def literal(statement: object) -> str:
        sql = re.sub(r"(?<!:):([a-z_]+)", lambda found: _LITERALS[found[1]], str(statement))
        return " ".join(sql.split()) + ";\n"

    history = (
        "insert into history values (gen_random_uuid(), 'redemption', gen_random_uuid()::text, null, 'admitted',"
        " current_date, now(), 'pgbench', 'pgbench', 'r', null);\n"
    )
    outbox = (
        "insert into outbox (id, created_at, type, subject_id, version, body) values (gen_random_uuid(), now(),"
        f" 'perks.pass.redeemed.v1', gen_random_uuid()::text, 1, '{'x' * 600}');\n"
    )
    claim = literal(idempotency._CLAIM)
    steps = [
        "begin;\n",
        claim,
        literal(redemptions._FACTS),
        literal(redemptions._ADMIT),
        history,
        outbox,
        literal(people_of("entitlement_id", of="entitlements").write_and_store),
        "commit;\n",
    ]
    return f"\\set n random(1, {SCANS * 7})\n\\set k random(1, 1000000000000)\n" + "".join(steps)


_TRANSACTION = _transaction()
