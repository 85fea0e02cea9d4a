"""The migrations give exactly the tables the code maps."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from services.talent.tables import metadata
from tests.talent.conftest import City


class TestMigrations:
    def test_differ_in_nothing_from_the_tables(self, city: City) -> None:
        options = {
            "compare_type": True,
            # partitions come and go by the month
            "include_name": lambda name, kind, parents: (
                not (kind == "table" and str(name).startswith(("outbox_", "audit_")))
            ),
        }
        with city.engine.connect() as connection:
            differences = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
        assert [each for each in differences if "alembic_version" not in str(each)] == []

    def test_checks_and_partial_indexes_have_the_same_text(self, city: City) -> None:
        mapped = {
            check.name for table in metadata.tables.values() for check in table.constraints if hasattr(check, "sqltext")
        }
        stored = {
            row[0] for row in city.rows("select conname from pg_constraint where contype = 'c' and conrelid <> 0")
        }
        assert {str(name) for name in mapped} <= stored
        partial = {
            str(index.name)
            for table in metadata.tables.values()
            for index in table.indexes
            if index.dialect_options["postgresql"].get("where") is not None
        }
        found = {row[0] for row in city.rows("select indexname from pg_indexes where indexdef like '% WHERE %'")}
        assert partial <= found
