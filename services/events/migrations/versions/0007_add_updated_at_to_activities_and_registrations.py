"""Note when an activity or a registration last changed, whichever statement changes it."""

from alembic import op

revision = "0007"
down_revision = "0006"

SQL = """
create function note_update() returns trigger language plpgsql as $$
begin
    new.updated_at = clock_timestamp();
    return new;
end
$$;

alter table activities add column updated_at timestamptz not null default now();
create index activities_updated on activities (updated_at);
create trigger activities_updated before update on activities for each row execute function note_update();

alter table registrations add column updated_at timestamptz not null default now();
create index registrations_updated on registrations (updated_at);
create trigger registrations_updated before update on registrations for each row execute function note_update();
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
