"""Merges: a person's link to whom they are merged into, and the pair's state."""

from alembic import op

revision = "0008"
down_revision = "0007"

SQL = """
alter table people add column merged_into uuid constraint people_merged_into_fkey references people (id)
    constraint people_not_merged_into_itself check (merged_into <> id);
create index people_merged_into on people (merged_into, id) where merged_into is not null;

alter table duplicate_people drop constraint duplicate_people_state;
alter table duplicate_people add constraint duplicate_people_state check (state in ('open', 'merged', 'dismissed'));
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
