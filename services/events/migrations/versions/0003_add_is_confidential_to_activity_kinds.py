"""Kinds of activities whose registrants nobody but the activity's department is told of: matchmaking to begin with."""

from alembic import op

revision = "0003"
down_revision = "0002"

SQL = """
alter table activity_kinds add column is_confidential boolean not null default false;
update activity_kinds set is_confidential = true where key = 'matchmaking';
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
