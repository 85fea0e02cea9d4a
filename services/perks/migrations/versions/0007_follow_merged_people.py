"""Keep who is merged into whom, and from where entitlements and redemptions came that count for somebody else since."""

from alembic import op

revision = "0007"
down_revision = "0006"

SQL = """
create table merged_people (
    id uuid constraint merged_people_pkey primary key,
    version integer not null,
    merged_into uuid
);
create index merged_people_survivor on merged_people (merged_into) where merged_into is not null;

alter table entitlements add column merged_from uuid;
alter table entitlements add column merged_into uuid;
create index entitlements_merged_from on entitlements (merged_from) where merged_from is not null;
create index entitlements_merged_into on entitlements (merged_into) where merged_into is not null;

alter table redemptions add column merged_from uuid;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
