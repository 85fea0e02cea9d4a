"""Create the register of which service has which import."""

from alembic import op

revision = "0002"
down_revision = "0001"

SQL = """
create table import_places (
    import_id uuid constraint import_places_pkey primary key,
    service text not null,
    created_at timestamptz not null
);
create index import_places_created_at on import_places (created_at);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
