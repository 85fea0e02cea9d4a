"""Note when an entitlement last changed, whichever statement changes it."""

from alembic import op

revision = "0008"
down_revision = "0007"

SQL = """
create function note_update() returns trigger language plpgsql as $$
begin
    new.updated_at = clock_timestamp();
    return new;
end
$$;

alter table entitlements add column updated_at timestamptz not null default now();
create index entitlements_updated on entitlements (updated_at);
create trigger entitlements_updated before update on entitlements for each row execute function note_update();
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
