"""``make bench``: every row beside its baseline, on screen and in ``.state/bench.json``. Names choose some of the rows."""

from __future__ import annotations

import base64
import json
import os
import sys
import tempfile
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import create_engine, make_url

from bench import deliveries, entries, imports, redemption, registration, report, rpc
from bench.rounds import Row
from deploy.local.throwaway import ThrowawayPlatform

RESULT = Path(".state/bench.json")


def main() -> None:
    chosen = sys.argv[1:] or ["rpc", "redemption", "registration", "imports", "entries", "deliveries", "report"]
    server = os.environ["TEST_DATABASE_URL"]
    rows: list[Row] = []
    for name in chosen:
        print(f"measuring {name} …", flush=True)
        with _vhost() as amqp_uri, tempfile.TemporaryDirectory() as folder:
            if name == "rpc":
                found = rpc.rows(amqp_uri=amqp_uri, database_url=server)
            else:
                found = _on_platform(name, Path(folder), server, amqp_uri)
        _show(found)
        rows += found
    sys.exit(1 if any(row.ratio < row.floor for row in rows) else 0)


def _on_platform(name: str, folder: Path, server: str, amqp_uri: str) -> list[Row]:
    platform = ThrowawayPlatform(folder, _database_maker(server), amqp_uri, urlsplit(amqp_uri).username or "")
    try:
        platform.prepare()
        if name == "redemption":
            return redemption.rows(platform)
        if name == "registration":
            return registration.rows(platform)
        if name == "deliveries":
            return deliveries.rows(platform, _database_maker(server))
        if name == "report":
            return _report(platform, folder / "large", server)
        platform.start_gateway()
        platform.wait_for("gateway")
        return entries.rows(platform) if name == "entries" else imports.rows(platform)
    finally:
        platform.close()


def _report(small: ThrowawayPlatform, folder: Path, server: str) -> list[Row]:
    folder.mkdir()
    with _vhost() as of_large:
        large = ThrowawayPlatform(folder, _database_maker(server), of_large, urlsplit(of_large).username or "")
        try:
            large.prepare()
            return report.rows(small, large)
        finally:
            large.close()


def _database_maker(server: str) -> Callable[[str], str]:
    def make(name: str) -> str:
        database = f"bench_{name}_{uuid.uuid4().hex[:8]}"
        engine = create_engine(make_url(server).set(drivername="postgresql+psycopg2"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f'create database "{database}"')
        engine.dispose()
        return make_url(server).set(database=database).render_as_string(hide_password=False)

    return make


@contextmanager
def _vhost() -> Iterator[str]:
    api = urlsplit(os.environ["TEST_RABBIT_API"])
    name = f"bench-{uuid.uuid4().hex[:8]}"
    login = base64.b64encode(f"{api.username}:{api.password}".encode()).decode()

    def ask(method: str, path: str, body: bytes | None = None) -> None:
        headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
        url = f"http://{api.hostname}:{api.port}/api{path}"
        urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method), timeout=20).read()

    ask("PUT", f"/vhosts/{name}")
    ask("PUT", f"/permissions/{name}/{api.username}", b'{"configure":".*","write":".*","read":".*"}')
    yield urlsplit(os.environ["TEST_AMQP_URI"])._replace(path=f"/{name}").geturl()
    ask("DELETE", f"/vhosts/{name}")


def _show(rows: list[Row]) -> None:
    known = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    RESULT.write_text(json.dumps(known | {row.name: row.as_json() for row in rows}, indent=1))
    print(f"{'row':36}{'value':>10}{'baseline':>12}{'ratio':>8}{'floor':>8}  unit")
    for row in rows:
        mark = "" if row.ratio >= row.floor else "  BELOW ITS FLOOR"
        print(
            f"{row.name:36}{row.value:10.0f}{row.baseline:12.0f}{row.ratio:8.2f}{row.floor:8.2f}  {row.unit} {row.note}{mark}"
        )


if __name__ == "__main__":
    main()
