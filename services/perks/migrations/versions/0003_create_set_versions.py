"""Keep what every version of a set said, for figures of past days, and the facts an entitlement was decided on."""

from alembic import op

revision = "0003"
down_revision = "0002"

SQL = """
create table set_versions (
    key text not null,
    version integer not null,
    published_on date not null,
    members jsonb not null,
    constraint set_versions_pkey primary key (key, version)
);
insert into set_versions (key, version, published_on, members)
select s.key, s.version, (now() at time zone 'Asia/Shanghai')::date, coalesce(
    (
        select jsonb_agg(
            jsonb_build_object('organisation_id', m.organisation_id, 'from_on', m.from_on, 'until_on', m.until_on)
        )
        from set_members m where m.key = s.key
    ),
    '[]'
)
from organisation_sets s;

-- null: decided before facts were kept; the next evaluation fills it in
alter table entitlements add column facts jsonb;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
