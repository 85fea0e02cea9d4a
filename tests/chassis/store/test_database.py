"""Which database errors are transient, shown with the errors PostgreSQL really gives."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from chassis.store.database import ensure_database, is_transient, make_engine, with_driver
from tests.chassis.conftest import at_once


@pytest.fixture
def url(fresh_database: Callable[[str], str]) -> str:
    return fresh_database("faults")


@contextlib.contextmanager
def engine_of(url: str, *, pool_size: int = 2, statement_timeout_seconds: float = 10) -> Iterator[Engine]:
    made = make_engine(url, pool_size=pool_size, name="t", statement_timeout_seconds=statement_timeout_seconds)
    yield made
    made.dispose()


def failure(act: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as raised:
        act()
    return raised.value


def run(connection: Connection, sql: str) -> None:
    connection.execute(text(sql))


class TestTransient:
    def test_is_a_lock_held_too_long(self, url: str) -> None:
        with engine_of(url) as engine, engine.connect() as one, engine.connect() as other:
            run(one, "create table t (n int)")
            one.commit()
            run(one, "lock table t")
            run(other, "set lock_timeout = '50ms'")
            assert is_transient(failure(lambda: run(other, "lock table t")))

    def test_is_a_statement_that_took_too_long(self, url: str) -> None:
        with engine_of(url, statement_timeout_seconds=0.1) as engine, engine.connect() as connection:
            assert is_transient(failure(lambda: run(connection, "select pg_sleep(5)")))

    def test_is_a_broken_deadlock(self, url: str) -> None:
        with engine_of(url) as engine:
            with engine.begin() as connection:
                run(connection, "create table t (n int primary key, v int)")
                run(connection, "insert into t values (0, 0), (1, 0)")
            connections = [engine.connect(), engine.connect()]
            for number, connection in enumerate(connections):
                run(connection, f"update t set v = 1 where n = {number}")

            def cross(number: int) -> None:
                run(connections[number], f"update t set v = 2 where n = {1 - number}")

            broken = [one for one in at_once(2, cross) if one is not None]
            assert len(broken) == 1
            assert is_transient(broken[0])
            for connection in connections:
                connection.close()

    def test_is_a_connection_cut_by_the_server_and_the_next_one_works(self, url: str) -> None:
        with engine_of(url, pool_size=1) as engine, engine_of(url) as killer:
            with engine.connect() as connection:
                victim = connection.execute(text("select pg_backend_pid()")).scalar_one()
                with killer.connect() as other:
                    other.execute(text("select pg_terminate_backend(:pid, 5000)"), {"pid": victim})
                assert is_transient(failure(lambda: run(connection, "select 1")))
            with engine.connect() as connection:
                run(connection, "select 1")

    def test_is_a_server_that_is_not_there(self) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        with engine_of(f"postgresql://x@127.0.0.1:{port}/x") as engine:
            assert is_transient(failure(engine.connect))

    def test_is_a_pool_with_no_connection_left(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("chassis.store.database.POOL_WAIT_SECONDS", 0.1)
        with engine_of(url, pool_size=1) as engine, engine.connect():
            assert is_transient(failure(engine.connect))

    def test_is_a_server_that_has_become_read_only(self, url: str) -> None:
        with engine_of(url) as engine, engine.connect() as connection:
            run(connection, "set transaction read only")
            assert is_transient(failure(lambda: run(connection, "create table t (n int)")))

    def test_is_a_serialization_failure(self, url: str) -> None:
        with engine_of(url) as engine, engine.begin() as connection:
            raised = failure(lambda: run(connection, "do $$ begin raise sqlstate '40001'; end $$"))
        assert is_transient(raised)

    @pytest.mark.parametrize(
        "sql",
        ["insert into t values (1), (1)", "insert into t values (null)", "selec 1", "select 1/0", "select 'x'::uuid"],
    )
    def test_is_no_fault_of_the_work_itself(self, url: str, sql: str) -> None:
        with engine_of(url) as engine:
            with engine.begin() as connection:
                run(connection, "create table t (n int primary key)")
            with engine.connect() as connection:
                raised = failure(lambda: run(connection, sql))
        assert isinstance(raised, DBAPIError)
        assert not is_transient(raised)

    def test_is_no_fault_of_the_code(self) -> None:
        assert not any(is_transient(error) for error in (ValueError(), KeyError("x"), RuntimeError(), OSError()))


class TestEngine:
    def test_says_who_it_is_and_bounds_every_wait(self, url: str) -> None:
        with engine_of(url, statement_timeout_seconds=2.5) as engine, engine.connect() as connection:
            shown = {
                name: connection.execute(text(f"show {name}")).scalar_one()
                for name in ("application_name", "statement_timeout", "lock_timeout", "timezone")
            }
        assert shown == {
            "application_name": "t",
            "statement_timeout": "2500ms",
            "lock_timeout": "5s",
            "timezone": "UTC",
        }

    def test_never_opens_more_connections_than_it_was_given(self, url: str) -> None:
        with engine_of(url, pool_size=3) as engine:

            def count(number: int) -> int:
                with engine.connect() as connection:
                    run(connection, "select pg_sleep(0.02)")
                    mine = "select count(*) from pg_stat_activity where application_name = 't'"
                    found = connection.execute(text(f"{mine} and datname = current_database()"))
                    return int(found.scalar_one())

            assert max(at_once(12, count)) <= 3

    def test_puts_no_parameter_into_an_error(self, url: str) -> None:
        with engine_of(url) as engine, engine.begin() as connection:
            run(connection, "create table t (n int check (n > 0))")
            with pytest.raises(IntegrityError) as raised, connection.begin_nested():
                connection.execute(text("insert into t values (:n)"), {"n": -4711})
        assert "parameters hidden" in str(raised.value)


class TestEnsureDatabase:
    def test_makes_it_once_however_many_ask(self, database_server: str, url: str) -> None:
        name = f"{with_driver(url).database}_made"
        wanted = with_driver(url).set(database=name).render_as_string(hide_password=False)
        server = create_engine(with_driver(database_server), isolation_level="AUTOCOMMIT")
        try:
            made = at_once(5, lambda number: ensure_database(wanted))
            assert sorted(made, key=str) == [False] * 4 + [True]
            assert ensure_database(wanted) is False
        finally:
            with server.connect() as connection:
                connection.exec_driver_sql(f'drop database if exists "{name}" with (force)')
            server.dispose()

    def test_raises_when_the_server_is_not_there(self) -> None:
        with pytest.raises(OperationalError):
            ensure_database("postgresql://x@127.0.0.1:1/x")
