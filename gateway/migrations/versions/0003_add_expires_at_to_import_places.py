"""Import places are deleted with their import, whose life is a setting of its service; until now after 90 days."""

from alembic import op

revision = "0003"
down_revision = "0002"

SQL = """
alter table import_places add column expires_at timestamptz not null default now() + interval '90 days';
create index import_places_expires_at on import_places (expires_at);
drop index import_places_created_at;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
