"""What the role that runs may do, on the migrated database of every service: rows, and no more; the past stays as it was."""

from __future__ import annotations

import datetime as dt
import importlib

import pytest
from sqlalchemy import Engine, NullPool, create_engine, make_url, text
from sqlalchemy.exc import DataError, OperationalError, ProgrammingError

from chassis.store import migrations, outbox
from chassis.store.database import with_driver
from chassis.store.housekeeping import keep_house
from chassis.store.migrations import rights
from chassis.store.work import open_work
from deploy.local import database_roles
from deploy.local.processes import services
from tests.support.servers import Make, as_owner, without_rights

NOW = dt.datetime.now(dt.UTC)
FORBIDDEN = (
    "create table strangers (n int)",
    "create schema strangers",
    "create temporary table strangers (n int)",
    "create function strangers() returns int language sql as 'select 1'",
    "create index on outbox (type)",
    "alter table outbox add column n int",
    "alter table outbox owner to current_user",
    "drop table outbox",
    "drop function make_month",
    "truncate inbox",
    "truncate history",
    "update history set reason = 'another'",
    "delete from history",
    "merge into history h using (select 1) s on true when matched then delete",
    "update alembic_version set version_num = '9999'",
    "select setval('outbox_position_seq', 1)",
    "copy history to program 'true'",
    "select kept_until('outbox')",
    "set role pg_read_all_data",
)
#: A month of the audit, and rows in it, before it, and now.
AUDIT = """
create table audit_2026_04 partition of audit for values from ('2026-04-01') to ('2026-05-01');
insert into audit (at, id, client_id, department, operation, person_ids, request_id)
select at, gen_random_uuid(), 'desk', 'education', 'get_person', '{}', ''
from unnest(array['2025-01-05', '2026-04-05', now()]) as at;
"""
READ = """
insert into audit (at, id, client_id, department, operation, person_ids, request_id)
values (now(), gen_random_uuid(), 'desk', 'education', 'list_people', '{}', '')
"""


class Database:
    """A migrated database, and an engine on it for each of the two roles."""

    def __init__(self, url: str) -> None:
        self.url, self.owners = url, as_owner(url)
        self.running, self.owner = (create_engine(with_driver(one), poolclass=NullPool) for one in (url, self.owners))

    @property
    def role(self) -> str:
        return str(make_url(self.url).username)

    def refuses(self, sql: str, kind: type[Exception] = ProgrammingError) -> str:
        with pytest.raises(kind) as refused, self.running.begin() as connection:
            connection.exec_driver_sql(sql)
        return str(refused.value)


@pytest.fixture
def database(migrated_database: Make) -> Database:
    return Database(migrated_database("perks"))


def run(engine: Engine, sql: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(sql))


def scalar(engine: Engine, sql: str) -> object:
    with engine.connect() as connection:
        return connection.execute(text(sql)).scalar()


class TestTheRunningRole:
    @pytest.mark.parametrize("name", [*services(), "gateway"])
    def test_reads_and_writes_every_table_and_never_changes_the_past(self, name: str, migrated_database: Make) -> None:
        database = Database(migrated_database(name))
        tables = importlib.import_module("gateway.tables" if name == "gateway" else f"services.{name}.tables")
        metadata = getattr(tables, "metadata", None) or tables.Base.metadata
        allowed = "select array_agg(privilege order by privilege) from unnest(array['select', 'insert', 'update',"
        allowed += (
            " 'delete', 'truncate', 'references', 'trigger']) privilege where has_table_privilege(:table, privilege)"
        )
        with database.running.connect() as connection:
            for table in metadata.tables:
                past = table in rights.APPEND_ONLY
                expected = ["insert", "select"] if past else ["delete", "insert", "select", "update"]
                assert connection.scalar(text(allowed), {"table": table}) == expected, table
            assert connection.scalar(text(allowed), {"table": "alembic_version"}) == ["select"]

    def test_is_refused_whatever_changes_the_schema_or_the_past(self, database: Database) -> None:
        for sql in FORBIDDEN:
            said = database.refuses(sql)
            assert any(word in said for word in ("permission denied", "must be ")), sql

    def test_of_talent_never_changes_who_read_a_contact(self, migrated_database: Make) -> None:
        talent = Database(migrated_database("talent"))
        for sql in (
            "delete from contact_reads",
            "update contact_reads set purpose = 'another'",
            "truncate contact_reads",
        ):
            assert "permission denied for table contact_reads" in talent.refuses(sql)

    def test_may_connect_to_no_other_database(self, database: Database, migrated_database: Make) -> None:
        other = Database(migrated_database("talent"))
        url = make_url(database.url).set(database=make_url(other.url).database)
        with pytest.raises(OperationalError, match="permission denied for database"):
            create_engine(with_driver(url.render_as_string(hide_password=False)), poolclass=NullPool).connect()

    def test_has_the_same_rights_after_a_second_migration_and_those_of_what_is_new(self, database: Database) -> None:
        rows = "select relname, relacl::text from pg_class where relkind in ('r', 'p', 'S') order by 1"
        with database.owner.connect() as connection:
            before = connection.execute(text(rows)).all()
        migrations.upgrade(database.owners, "perks", running=database.role)
        with database.owner.connect() as connection:
            assert connection.execute(text(rows)).all() == before
        run(database.owner, "create table venues (n int)")
        assert "permission denied" in database.refuses("insert into venues values (1)")
        migrations.upgrade(database.owners, "perks", running=database.role)
        run(database.running, "insert into venues values (1)")

    def test_is_given_its_rights_by_an_owner_that_is_no_superuser(
        self, fresh_database: Make, database: Database
    ) -> None:
        """And who did everything alone before: the first migration names no other role."""
        url = fresh_database("perks")
        owner = without_rights(url)
        name, server = str(make_url(owner).username), create_engine(with_driver(url), poolclass=NullPool)
        running = database_roles.make_running(url, database_roles.running_role(name), "a password")
        run(server, f'alter database "{make_url(url).database}" owner to "{name}"')
        migrations.upgrade(owner, "perks", running=name)
        assert scalar(server, "select has_database_privilege('public', current_database(), 'connect')") is True
        migrations.upgrade(owner, "perks", running=make_url(running).username)
        assert scalar(server, "select has_database_privilege('public', current_database(), 'connect')") is False
        assert scalar(server, "select has_schema_privilege('public', 'public', 'usage')") is False
        engine = create_engine(with_driver(running))
        assert keep_house(engine, NOW, audit_months=12) is False
        with pytest.raises(ProgrammingError, match="permission denied"):
            run(engine, "delete from history")
        engine.dispose()


class TestMonths:
    def test_come_and_go_by_the_running_role(self, database: Database) -> None:
        months = "select count(*) from pg_inherits where inhparent = 'outbox'::regclass"
        before = scalar(database.owner, months)
        began = dt.datetime(2025, 11, 23, 8, tzinfo=dt.UTC)
        with open_work(database.running) as work:
            assert outbox.ensure_partitions(work.session, began) == 2
        assert keep_house(database.running, NOW, audit_months=12) is False
        assert scalar(database.owner, months) == before, "the two old ones are gone"

    def test_that_must_be_kept_are_kept_whatever_the_process_says(self, database: Database) -> None:
        months = "select count(*) from pg_inherits where inhparent = 'outbox'::regclass"
        before = scalar(database.owner, months)
        far = NOW + dt.timedelta(days=400)
        with open_work(database.running) as work:
            work.session.execute(
                text("insert into outbox (id, created_at, type, subject_id, version, body, position)"
                     " values (gen_random_uuid(), now(), 't', 's', 1, '{}', 1)")
            )  # fmt: skip
        with open_work(database.running) as work:
            assert outbox.drop_old(work.session, far) == 0
        assert scalar(database.owner, months) == before
        assert scalar(database.owner, "select count(*) from outbox") == 1

    @pytest.mark.parametrize(
        "call",
        [
            "make_month('people', '2026-12-01')",
            "make_month('outbox', '2026-12-02')",
            "make_month('outbox', '2099-01-01')",
            "make_month('outbox', null)",
            "drop_month('history', '2026-01-01')",
            "drop_month('outbox; drop table history', '2026-01-01')",
            "drop_month(null, '2026-01-01')",
            "delete_old('history', '2026-01-01', 10)",
        ],
    )
    def test_of_no_such_table_are_refused(self, database: Database, call: str) -> None:
        database.refuses(f"select {call}", DataError)

    def test_of_an_audit_are_out_of_reach_and_go_after_half_a_year(self, database: Database) -> None:
        run(database.owner, AUDIT)
        run(database.running, READ)
        for table in ("audit", "audit_2026_04", "audit_default"):
            for sql in (f"delete from {table}", f"update {table} set purpose = 'nothing'", f"truncate {table}"):
                assert f"permission denied for table {table}" in database.refuses(sql)
        soon = (NOW + dt.timedelta(days=300)).date().replace(day=1)  # after those a migration makes
        assert scalar_of(database.running, f"select make_month('audit', '{soon}')") is True
        assert "permission denied" in database.refuses(f"delete from audit_{soon:%Y_%m}")
        assert scalar_of(database.running, "select drop_month('audit', '2026-04-01')") is True
        assert scalar_of(database.running, f"select delete_old('audit', '{NOW.date()}', 10)") == 1
        assert scalar(database.owner, "select count(*) from audit") == 2


def scalar_of(engine: Engine, sql: str) -> object:
    """As `scalar`, committed."""
    with engine.begin() as connection:
        return connection.execute(text(sql)).scalar()
