"""Create affiliation_roles with the roles there were, and the values of declared fields on affiliations and their reports."""

from alembic import op

revision = "0013"
down_revision = "0012"

SQL = """
create table affiliation_roles (
    key text constraint affiliation_roles_pkey primary key,
    name jsonb not null,
    programme text,
    declared jsonb not null,
    is_built_in boolean not null,
    version integer not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
insert into affiliation_roles (key, name, declared, is_built_in, version, created_at, updated_at)
select key, jsonb_build_object('zh-CN', zh, 'en', en), '[]', true, 1, now(), now()
from (values ('student', '学生', 'Student'), ('staff', '教职工', 'Staff'), ('member', '会员', 'Member'),
    ('volunteer', '志愿者', 'Volunteer'), ('employee', '员工', 'Employee')) as role (key, zh, en);

alter table affiliations add column fields jsonb not null default '{}',
    add column open_fields jsonb not null default '{}';
alter table affiliation_reports add column fields jsonb not null default '{}';
"""


def upgrade() -> None:
    """Create the table, seed it, and add the columns; a default that is constant rewrites nothing."""
    op.get_bind().exec_driver_sql(SQL)
