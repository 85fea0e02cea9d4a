"""Create the audit: who was shown, or changed, whose records; kept by the month."""

from alembic import op

from chassis.store.migrations import frozen_sql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(frozen_sql("0002_audit"))
