"""Keep of which version of which subject a message is, so that an older state is not announced after a newer one."""

from alembic import op

revision = "0008"
down_revision = "0007"

SQL = """
alter table messages add column subject_id text, add column subject_version bigint;
create index messages_subject on messages (subject_id, subject_version) where subject_id is not null;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
