"""Copy facts and months of birth."""

from alembic import op

revision = "0010"
down_revision = "0009"

SQL = """
create table facts (
    id uuid constraint facts_pkey primary key,
    version integer not null,
    person_id uuid not null,
    kind_key text not null,
    department text not null,
    state text not null,
    from_on date not null,
    until_on date,
    fields jsonb not null
);
create index facts_person on facts (person_id);

create table born_months (
    id uuid constraint born_months_pkey primary key,
    version integer not null,
    born_month text
);

alter table entitlements add column verified jsonb;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
