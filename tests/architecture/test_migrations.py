"""Migrations are numbered, linear, frozen, expand only, and end in exactly the tables the code maps."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, MetaData, create_engine, text

from chassis.store import migrations
from chassis.store.database import with_driver
from tests.architecture import source

OWNERS = [*source.services(), "gateway"]
MAY_IMPORT = {"alembic", "sqlalchemy", "chassis.store.migrations", "__future__", "datetime", "textwrap"}
#: What an older replica, still running, would not survive.
CONTRACTS = re.compile(
    r"\b(drop\s+(table|column|schema)|rename\s+(to|column)|alter\s+column\s+\w+\s+(set\s+data\s+)?type|set\s+not\s+null)\b",
    re.IGNORECASE,
)

every_owner = pytest.mark.parametrize("owner", OWNERS)


def versions(owner: str) -> list[Path]:
    folder = migrations.location(owner) / "versions"
    return sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")


def metadata_of(owner: str) -> MetaData:
    tables = importlib.import_module("gateway.tables" if owner == "gateway" else f"services.{owner}.tables")
    found: MetaData = getattr(tables, "metadata", None) or tables.Base.metadata
    return found


#: Partitions come and go by the month, and have their parent's shape.
SHAPE = """
with tables as (
    select oid, relname from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
        and relname <> 'alembic_version'
)
select 'column ' || relname || '.' || attname || ' ' || format_type(atttypid, atttypmod)
    || case when attnotnull then ' not null' else '' end || coalesce(' default ' || pg_get_expr(adbin, adrelid), '')
from tables join pg_attribute on attrelid = tables.oid and attnum > 0 and not attisdropped
left join pg_attrdef on adrelid = tables.oid and adnum = attnum
union all
select 'constraint ' || relname || '.' || conname || ' ' || pg_get_constraintdef(pg_constraint.oid)
from tables join pg_constraint on conrelid = tables.oid
union all
select 'index ' || pg_get_indexdef(indexrelid) from tables join pg_index on indrelid = tables.oid
"""


def shape(engine: Engine) -> set[str]:
    """Everything a database's own tables are made of, a line each."""
    with engine.connect() as connection:
        return {str(row[0]) for row in connection.execute(text(SHAPE))}


@every_owner
class TestMigrationFiles:
    def test_are_numbered_without_a_gap_and_follow_one_another(self, owner: str) -> None:
        assert versions(owner), "no migrations"
        for number, path in enumerate(versions(owner), 1):
            constants = _constants(path)
            assert re.fullmatch(rf"{number:04d}(_[a-z0-9]+){{2,}}\.py", path.name), path.name
            assert constants["revision"] == f"{number:04d}", path.name
            assert constants["down_revision"] == (f"{number - 1:04d}" if number > 1 else None), path.name

    def test_import_no_living_code(self, owner: str) -> None:
        for path in versions(owner):
            for name in source.imported(path.relative_to(source.ROOT)):
                assert any(name == one or name.startswith(f"{one}.") for one in MAY_IMPORT), f"{path.name}: {name}"

    def test_only_expand(self, owner: str) -> None:
        for path in versions(owner):
            assert CONTRACTS.findall(path.read_text()) == [], path.name


@every_owner
class TestMigratedDatabase:
    def test_has_exactly_the_tables_the_code_maps(self, owner: str, fresh_database: Callable[[str], str]) -> None:
        """Columns, defaults, constraints and indexes, by name and definition, as PostgreSQL itself tells them."""
        migrated, mapped = (create_engine(with_driver(fresh_database(owner))) for _ in range(2))
        migrations.upgrade(migrated.url.render_as_string(hide_password=False), owner)
        with mapped.begin() as connection:
            connection.execute(text("create extension if not exists pg_trgm"))
        metadata_of(owner).create_all(mapped)
        found, wanted = shape(migrated), shape(mapped)
        for engine in (migrated, mapped):
            engine.dispose()
        assert found
        assert sorted(found - wanted) == [], "only in the database"
        assert sorted(wanted - found) == [], "only in the code"

    def test_is_left_alone_by_a_second_run(self, owner: str, fresh_database: Callable[[str], str]) -> None:
        url = fresh_database(owner)
        engine = create_engine(with_driver(url))
        assert migrations.is_behind(engine, owner)
        migrations.upgrade(url, owner)
        migrations.upgrade(url, owner)
        assert migrations.current(engine) == migrations.head(owner) == f"{len(versions(owner)):04d}"
        assert not migrations.is_behind(engine, owner)
        engine.dispose()


def _constants(path: Path) -> dict[str, object]:
    assigned = [node for node in source.tree(path.relative_to(source.ROOT)).body if isinstance(node, ast.Assign)]
    return {
        node.targets[0].id: node.value.value
        for node in assigned
        if isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Constant)
    }
