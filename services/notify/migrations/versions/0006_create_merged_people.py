"""Create the copy of merges; keep the person a message was made for where that one is merged."""

from alembic import op

revision = "0006"
down_revision = "0005"

SQL = """
create table merged_people (
    id uuid constraint merged_people_pkey primary key,
    version integer not null,
    merged_into uuid
);
alter table messages add column merged_from uuid;
create index messages_merged on messages (merged_from) where merged_from is not null;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
