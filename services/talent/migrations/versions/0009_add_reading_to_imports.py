"""How the file of an import was read: sheet, encoding, headers, what was inferred."""

from alembic import op

revision = "0009"
down_revision = "0008"

SQL = """
alter table imports add column reading jsonb;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
