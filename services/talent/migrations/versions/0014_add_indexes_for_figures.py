"""Count entries by kind, parties and affiliations by role, without reading the rows."""

from alembic import op

revision = "0014"
down_revision = "0013"

SQL = """
create index register_entries_counted on register_entries (kind_key, id)
    include (proposed_on, agreed_on, running_on, done_on, ended_on, county)
    where same_as is null;
create index register_parties_counted on register_parties (role, entry_id)
    include (party_id, organisation_id)
    where organisation_id is not null;
create index affiliations_counted on affiliations (role, organisation_id, person_id)
    include (id, state, from_on, until_on);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
