"""Find redemptions by the department that scanned, by scheme and by entitlement: a department reads its own, by index."""

from alembic import op

revision = "0005"
down_revision = "0004"

SQL = """
create index redemptions_department on redemptions (department, created_at, id);
create index redemptions_scheme on redemptions (scheme_key, created_at, id);
create index redemptions_entitlement on redemptions (entitlement_id, created_at, id);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
