"""Find what was changed since a moment."""

from alembic import op

revision = "0010"
down_revision = "0009"

SQL = """
create index affiliations_updated_at on affiliations (updated_at);
create index people_updated_at on people (updated_at);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
