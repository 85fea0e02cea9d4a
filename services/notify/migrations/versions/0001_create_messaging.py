"""Create the chassis' tables: outbox, inbox, dead letters, history, keys."""

from alembic import op

from chassis.store.migrations import frozen_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(frozen_sql("0001_messaging"))
