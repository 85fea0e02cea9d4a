"""Sessions that are cancelled or removed, changes that are still to be announced, lists that ended, check-ins taken back."""

from alembic import op

revision = "0006"
down_revision = "0005"

SQL = """
alter table sessions
    add column state text not null default 'scheduled',
    add column cancel_reason text,
    add column revision integer not null default 0,
    add constraint sessions_state_check check (state in ('scheduled', 'cancelled', 'removed')),
    add constraint sessions_cancelled_check check ((state = 'cancelled') = (cancel_reason is not null)),
    add constraint sessions_removed_check check (state <> 'removed' or (seats_taken = 0 and waiting = 0));

alter table registrations
    drop constraint registrations_state_check,
    add constraint registrations_state_check check (
        state in ('confirmed', 'waiting', 'offered', 'refused', 'lapsed', 'cancelled', 'voided', 'unplaced')
    );

create table session_changes (
    id uuid constraint session_changes_pkey primary key,
    session_id uuid not null constraint session_changes_session_fkey references sessions (id),
    what text not null,
    before jsonb,
    reason text,
    last_number integer not null,
    done_number integer not null,
    created_at timestamptz not null,
    constraint session_changes_what_check check (what in ('amended', 'suspended', 'reinstated', 'unplaced')),
    constraint session_changes_before_check check ((what = 'amended') = (before is not null)),
    constraint session_changes_done_check check (done_number <= last_number)
);
create index session_changes_session on session_changes (session_id, id);

alter table checkins add column revoked_at timestamptz, add column revoke_reason text,
    add constraint checkins_revoked_check check (
        (revoked_at is null) = (revoke_reason is null) and (revoked_at is null or outcome = 'admitted')
    );
create unique index checkins_standing on checkins (registration_id) where outcome = 'admitted' and revoked_at is null;
drop index checkins_admitted;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
