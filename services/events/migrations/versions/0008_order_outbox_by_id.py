"""Find what waits in the outbox in the order of its announcements."""

from alembic import op

from chassis.store.migrations import frozen_sql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(frozen_sql("0003_outbox_order"))
