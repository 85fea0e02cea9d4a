"""Find people by name and phone together, by a keyed hash of both, and erase them; a department's affiliations are a range of an
index."""

from alembic import op

revision = "0015"
down_revision = "0014"

SQL = """
alter table people add column contact_lookup bytea;
create index people_contact_lookup on people (contact_lookup) where contact_lookup is not null;
create index people_without_contact_lookup on people (id) where contact_lookup is null and phone_sealed is not null;

alter table person_reports add column contact_lookup bytea;
create index person_reports_contact_lookup on person_reports (department, contact_lookup) where contact_lookup is not null;
create index person_reports_without_contact_lookup on person_reports (person_id)
    where contact_lookup is null and phone_sealed is not null;

alter table people add column erased_at timestamptz;
alter table people alter column id_number_sealed drop not null, alter column name_sealed drop not null;
alter table people add constraint people_erased check (
    case when erased_at is null then num_nulls(id_number_sealed, name_sealed) = 0 else num_nonnulls(
        id_number_sealed, name_sealed, phone_sealed, phone_masked, email_sealed, email_masked, contact_lookup) = 0 end
);

alter table affiliation_reports add column created_at timestamptz;
update affiliation_reports r set created_at = a.created_at from affiliations a where a.id = r.affiliation_id;
alter table affiliation_reports alter column created_at set default now();
create index affiliation_reports_list on affiliation_reports (department, created_at, affiliation_id);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
