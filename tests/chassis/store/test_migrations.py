"""Migrations on a real database: one at a time, patient with locks, and content with a database that is ahead."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from chassis.store import migrations
from chassis.store.database import make_engine
from chassis.store.work import open_work
from tests.chassis.conftest import at_once
from tests.chassis.store.test_work import announce

ENV = "from chassis.store.migrations import run_env\n\nrun_env()\n"
VERSION = '''"""{name}."""

from alembic import op

revision = "{number:04d}"
down_revision = {before!r}


def upgrade() -> None:
    op.execute("""{sql}""")
'''


class Service:
    """A service with migrations of its own, in a folder of the test, and its database."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.engine: Engine = make_engine(url, pool_size=3, name="test")
        (folder / "versions").mkdir()
        (folder / "env.py").write_text(ENV)
        self.count = 0

    def add(self, name: str, sql: str) -> None:
        self.count += 1
        before = f"{self.count - 1:04d}" if self.count > 1 else None
        version = VERSION.format(name=name, number=self.count, before=before, sql=sql)
        (self.folder / "versions" / f"{self.count:04d}_{name}.py").write_text(version)

    def upgrade(self) -> None:
        migrations.upgrade(self.url, "service")

    def scalar(self, sql: str) -> object:
        with self.engine.connect() as connection:
            return connection.execute(text(sql)).scalar()


@pytest.fixture
def service(tmp_path: Path, fresh_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    folder = tmp_path / "100% migrations"
    folder.mkdir()
    monkeypatch.setattr(migrations, "location", lambda name: folder)
    made = Service(folder, fresh_database("migrations"))
    made.add("create_things", "create table things (n int)")
    yield made
    made.engine.dispose()


class TestUpgrade:
    def test_runs_what_is_missing_and_nothing_twice(self, service: Service) -> None:
        service.upgrade()
        service.add("fill_things", "insert into things values (1)")
        service.upgrade()
        service.upgrade()
        assert service.scalar("select count(*) from things") == 1
        assert migrations.current(service.engine) == migrations.head("service") == "0002"

    def test_runs_one_at_a_time(self, service: Service) -> None:
        service.add("fill_things", "insert into things select 1 from pg_sleep(0.2)")
        assert at_once(4, lambda number: service.upgrade()) == [None] * 4
        assert service.scalar("select count(*) from things") == 1

    def test_keeps_the_steps_before_the_one_that_fails(self, service: Service) -> None:
        service.add("fill_things", "insert into things values (1)")
        service.add("break_down", "insert into nowhere values (1)")
        with pytest.raises(ProgrammingError):
            service.upgrade()
        assert service.scalar("select count(*) from things") == 1
        assert migrations.current(service.engine) == "0002"

    def test_lets_the_requests_pass_and_tries_again_when_a_lock_is_held(
        self, service: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(migrations, "LOCK_TIMEOUT_SECONDS", 0.2)
        monkeypatch.setattr(migrations, "PAUSE_SECONDS", 0.1)
        service.upgrade()
        service.add("widen_things", "alter table things add column m int")
        with service.engine.connect() as busy:
            busy.execute(text("lock table things in access share mode"))
            migrating = threading.Thread(target=service.upgrade)
            migrating.start()
            self.wait_for_a_second_try(service)
            assert migrations.current(service.engine) == "0001"
            busy.rollback()
        migrating.join(20)
        assert migrations.current(service.engine) == "0002"

    @staticmethod
    def wait_for_a_second_try(service: Service) -> None:
        waits = "select query_start from pg_stat_activity where wait_event_type = 'Lock' and query like 'alter%'"
        seen: set[object] = set()
        deadline = time.monotonic() + 20
        while len(seen) < 2:
            assert time.monotonic() < deadline, f"{len(seen)} tries"
            found = service.scalar(waits)
            if found is not None:
                seen.add(found)
            time.sleep(0.01)

    def test_gives_up_in_the_end(self, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in (("LOCK_TIMEOUT_SECONDS", 0.05), ("PAUSE_SECONDS", 0.01), ("ATTEMPTS", 2)):
            monkeypatch.setattr(migrations, name, value)
        service.upgrade()
        service.add("widen_things", "alter table things add column m int")
        with service.engine.connect() as busy:
            busy.execute(text("lock table things in access share mode"))
            with pytest.raises(OperationalError):
                service.upgrade()


class TestPartitions:
    def test_are_there_from_the_first_month_on_so_that_the_default_one_stays_empty(self, service: Service) -> None:
        service.add("create_messaging", migrations.frozen_sql("0001_messaging"))
        service.upgrade()
        with open_work(service.engine) as work:
            announce(work)
        assert service.scalar("select count(*) from outbox") == 1
        assert service.scalar("select count(*) from outbox_default") == 0
        # the next months are made by housekeeping, in time
        assert service.scalar("select count(*) from pg_inherits where inhparent = 'outbox'::regclass") == 8


class TestIsBehind:
    def test_is_so_until_the_newest_has_run(self, service: Service) -> None:
        assert migrations.is_behind(service.engine, "service")
        service.upgrade()
        assert not migrations.is_behind(service.engine, "service")
        service.add("fill_things", "insert into things values (1)")
        assert migrations.is_behind(service.engine, "service")

    def test_is_not_so_when_newer_replicas_have_migrated_already(self, service: Service) -> None:
        service.add("fill_things", "insert into things values (1)")
        service.upgrade()
        (service.folder / "versions" / "0002_fill_things.py").unlink()
        assert migrations.head("service") == "0001"
        assert not migrations.is_behind(service.engine, "service")

    def test_is_not_so_without_migrations(self, service: Service) -> None:
        (service.folder / "versions" / "0001_create_things.py").unlink()
        assert migrations.head("service") == "0000"
        assert not migrations.is_behind(service.engine, "service")
