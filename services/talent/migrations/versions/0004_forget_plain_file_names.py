"""Forget file names of imports that were stored in the clear; from here on they are sealed with the upload key."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.get_bind().exec_driver_sql("update imports set filename = ''")
