"""The servers of one chaos run: a PostgreSQL cluster and a RabbitMQ node of its own in a temporary folder.

Lives here: starting, breaking and asking them. Not here: the platform on them (``town``).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import tempfile
import urllib.error
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine, NullPool, Row, create_engine, make_url, text

from chassis.broker.wire import Wire
from chassis.store.database import with_driver
from deploy.local import packages, running
from deploy.local.notes import Notes
from deploy.local.place import place
from deploy.local.postgres import Postgres
from deploy.local.rabbitmq import RabbitMQ
from tests.support.servers import Broker

PREFIX = "chaos_"
#: The transactions somebody is in the middle of.
_OPEN_TRANSACTIONS = (
    "select datname, client_port from pg_stat_activity where datname like 'chaos_%' and client_port is not null"
    " and state in ('active', 'idle in transaction') and application_name <> 'chaos'"
)
_KILL_BACKENDS = (
    "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname like 'chaos_%'"
    " and application_name <> 'chaos'"
)


class Servers:
    """Both servers; `close` stops them and forgets their data."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="youth-city-chaos-"))
        self.folder.chmod(0o755)  # the servers may run as another account
        self._place = place(is_test=True, root=self.folder)
        notes = Notes(self._place.data / "notes.json")
        self._postgres, self._rabbitmq = Postgres(self._place, notes), RabbitMQ(self._place, notes)
        self._engines: dict[str, Engine] = {}

    def start(self) -> None:
        packages.ensure()
        self._rabbitmq.begin()
        self._postgres.start()
        self._rabbitmq.await_ready()
        self.broker = Broker(self._rabbitmq.uri(), self._rabbitmq.api)

    def close(self) -> None:
        self._rabbitmq.stop()
        self._postgres.stop()
        if self._place.data.is_relative_to(self.folder):
            shutil.rmtree(self._place.data)

    @property
    def amqp_uri(self) -> str:
        return self._rabbitmq.uri()

    # -- the database

    def make_database(self, name: str) -> str:
        """A new database; returns its URL."""
        engine = create_engine(with_driver(self._postgres.url), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql(f'create database "{PREFIX}{name}"')
        return make_url(self._postgres.url).set(database=f"{PREFIX}{name}").render_as_string(hide_password=False)

    def rows(self, url: str, sql: str, **parameters: Any) -> Sequence[Row[Any]]:
        """What a statement answers in the database at `url`, committed."""
        if url not in self._engines:
            arguments = {"application_name": "chaos", "connect_timeout": 5}
            # each connection is tested before its use, as the database restarts
            self._engines[url] = create_engine(
                with_driver(url), pool_size=1, pool_pre_ping=True, connect_args=arguments
            )
        with self._engines[url].begin() as connection:
            result = connection.execute(text(sql), parameters)
            return result.all() if result.returns_rows else []

    def open_transactions(self) -> list[tuple[str, int]]:
        """Of each transaction the platform's processes are in the middle of: the database, the client's TCP port."""
        found = self.rows(self._postgres.url, _OPEN_TRANSACTIONS)
        return [(row.datname.removeprefix(PREFIX), row.client_port) for row in found]

    def kill_backends(self) -> int:
        """End every session of the platform; how many."""
        return int(self.rows(self._postgres.url, _KILL_BACKENDS)[0][0])

    def restart_database(self, *, crash: bool) -> None:
        """Stop the database and start it again; with `crash` by SIGQUIT, so that it recovers from its log."""
        if crash:
            postmaster = int((self._place.data / "postgres" / "postmaster.pid").read_text().split()[0])
            os.kill(postmaster, signal.SIGQUIT)
            running.await_end([postmaster], seconds=30)
        else:
            self._postgres.stop()
        self._postgres.start()

    # -- the broker

    def restart_broker(self) -> None:
        """Kill the node (SIGKILL) and start it again."""
        self._rabbitmq.stop()
        self._rabbitmq.begin()
        self._rabbitmq.await_ready()
        self.broker = Broker(self._rabbitmq.uri(), self._rabbitmq.api)

    def cut_connections(self) -> int:
        """Close every AMQP connection from the broker's side; how many."""
        names = [one["name"] for one in json.loads(self.broker.ask("GET", "/connections"))]
        cut = 0
        for name in names:
            with contextlib.suppress(urllib.error.HTTPError):  # gone meanwhile
                self.broker.ask("DELETE", f"/connections/{quote(name)}")
                cut += 1
        return cut

    def queue_lengths(self, amqp_uri: str) -> dict[str, int]:
        """Messages ready in each queue of a vhost; those in a consumer's hands are not among them."""
        vhost = quote(make_url(amqp_uri).database or "/", safe="")
        names = [one["name"] for one in json.loads(self.broker.ask("GET", f"/queues/{vhost}?columns=name"))]
        wire = Wire(amqp_uri, name="chaos.lengths", heartbeat=0)
        try:
            channel = wire.connection.channel()
            return {name: int(channel.queue_declare(name, passive=True).message_count) for name in names}
        finally:
            wire.close()


def owner_of_port(port: int, pids: Sequence[int]) -> int | None:
    """Which of the processes holds the local end of a TCP connection on `port`."""
    inodes = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if int(words[1].rpartition(":")[2], 16) == port:
            inodes.add(f"socket:[{words[9]}]")
    for pid in pids:
        with contextlib.suppress(OSError):
            for link in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    if os.readlink(link) in inodes:
                        return pid
    return None
