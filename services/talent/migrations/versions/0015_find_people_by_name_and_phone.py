"""Find people by name and phone together, by a keyed hash of both; a department's affiliations are a range of an index."""

from alembic import op

revision = "0015"
down_revision = "0012"

SQL = """
alter table people add column contact_lookup bytea;
create index people_contact_lookup on people (contact_lookup) where contact_lookup is not null;
create index people_without_contact_lookup on people (id) where contact_lookup is null and phone_sealed is not null;

alter table person_reports add column contact_lookup bytea;
create index person_reports_contact_lookup on person_reports (department, contact_lookup) where contact_lookup is not null;
create index person_reports_without_contact_lookup on person_reports (person_id)
    where contact_lookup is null and phone_sealed is not null;

alter table affiliation_reports add column created_at timestamptz;
update affiliation_reports r set created_at = a.created_at from affiliations a where a.id = r.affiliation_id;
alter table affiliation_reports alter column created_at set not null, alter column created_at set default now();
create index affiliation_reports_list on affiliation_reports (department, created_at, affiliation_id);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
