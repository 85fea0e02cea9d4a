"""Note whether a run of evaluations is what a replay caused: then its events are replays too."""

from alembic import op

revision = "0004"
down_revision = "0003"

SQL = """
alter table evaluation_runs add column replay boolean not null default false;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
