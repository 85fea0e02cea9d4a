"""The tables the chassis keeps in every service's database: outbox, inbox, dead letters, history, keys, audit.

Lives here: their SQLAlchemy form, added to a service's own metadata. They are created by the frozen SQL in
``chassis/store/migrations``, which each service's first migration runs; a test holds the two equal.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

INSTANT = DateTime(timezone=True)


def chassis_tables(metadata: MetaData) -> None:
    """Add the chassis' tables to the metadata of a service."""
    for add in (_outbox, _inbox, _dead_letters, _history, idempotency_table, _key_canaries, audit_table):
        add(metadata)


def _outbox(metadata: MetaData) -> Table:
    """The event log of the service: a row per event, marked with its position once the broker has confirmed it.

    Partitioned by month of `created_at`; rows leave in the order of their ids. `only_for` names one queue: a republished event
    meant for one service.
    """
    return Table(
        "outbox",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("created_at", INSTANT, primary_key=True),
        Column("position", BigInteger),
        Column("type", Text, nullable=False),
        Column("subject_id", Text, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("body", Text, nullable=False),
        Column("traceparent", Text),
        Column("only_for", Text),
        Column("published_at", INSTANT),
        Index("outbox_unpublished", "created_at", "id", postgresql_where=text("position is null")),
        Index("outbox_waiting", "id", postgresql_where=text("position is null")),
        Index("outbox_subject", "subject_id"),
        Index("outbox_position", "position"),
        postgresql_partition_by="RANGE (created_at)",
    )


def _inbox(metadata: MetaData) -> Table:
    """The messages a handler has applied; its key is what makes a duplicate harmless."""
    return Table(
        "inbox",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("message_id", Uuid, primary_key=True),
        Column("received_at", INSTANT, nullable=False, server_default=func.now()),
        Index("inbox_received_at", "received_at"),
    )


def _dead_letters(metadata: MetaData) -> Table:
    """Messages a handler gave up on, with their bytes."""
    return Table(
        "dead_letters",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("consumer", Text, nullable=False),
        Column("message_id", Text),
        Column("type", Text),
        Column("body", LargeBinary, nullable=False),
        Column("headers", JSONB, nullable=False),
        Column("reason", Text, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("trace_id", Text),
        Column("died_at", INSTANT, nullable=False, server_default=func.now()),
        Column("redriven_at", INSTANT),
        Index("dead_letters_waiting", "consumer", "died_at", postgresql_where=text("redriven_at is null")),
    )


def _history(metadata: MetaData) -> Table:
    """Every change of state: from, to, from when on, recorded when, by whom, why. Only ever appended to."""
    return Table(
        "history",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("subject", Text, nullable=False),
        Column("subject_id", Text, nullable=False),
        Column("from_state", Text),
        Column("to_state", Text, nullable=False),
        Column("effective_on", Date, nullable=False),
        Column("recorded_at", INSTANT, nullable=False),
        Column("client_id", Text, nullable=False),
        Column("department", Text, nullable=False),
        Column("request_id", Text, nullable=False),
        Column("reason", Text),
        Index("history_subject", "subject", "subject_id", "recorded_at"),
    )


def idempotency_table(metadata: MetaData) -> Table:
    """Keys of write requests with the reply they got; kept 48 hours."""
    return Table(
        "idempotency_keys",
        metadata,
        Column("client_id", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("method", Text, nullable=False),
        Column("fingerprint", LargeBinary, nullable=False),
        Column("reply", JSONB),
        Column("created_at", INSTANT, nullable=False),
        Index("idempotency_keys_created_at", "created_at"),
    )


def _key_canaries(metadata: MetaData) -> Table:
    """A sealed known value per keyring: a process with a wrong key cannot open it and refuses to start."""
    return Table(
        "key_canaries",
        metadata,
        Column("name", Text, primary_key=True),
        Column("sealed", LargeBinary, nullable=False),
    )


def audit_table(metadata: MetaData) -> Table:
    """Who was shown, or changed, whose records, when and why; only ever appended to. The gateway keeps one too.

    Partitioned by month of `at`. `address` and `detail` are of the gateway's events alone.
    """
    return Table(
        "audit",
        metadata,
        Column("at", INSTANT, primary_key=True),
        Column("id", Uuid, primary_key=True),
        Column("client_id", Text, nullable=False),
        Column("department", Text, nullable=False),
        Column("subject", Text),
        Column("operation", Text, nullable=False),
        Column("person_ids", ARRAY(Uuid), nullable=False),
        Column("purpose", Text),
        Column("request_id", Text, nullable=False),
        Column("address", Text),
        Column("detail", JSONB(none_as_null=True)),
        Index("audit_person", "person_ids", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
        Index("audit_client", "client_id", "at"),
        postgresql_partition_by="RANGE (at)",
    )
