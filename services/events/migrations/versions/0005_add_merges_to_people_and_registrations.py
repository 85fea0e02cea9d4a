"""Keep who is merged into whom, and the person a registration was made for where that one is merged."""

from alembic import op

revision = "0005"
down_revision = "0004"

SQL = """
alter table people add column merged_into uuid;
create index people_merged on people (merged_into) where merged_into is not null;
alter table registrations add column merged_from uuid;
create index registrations_merged on registrations (merged_from) where merged_from is not null;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
