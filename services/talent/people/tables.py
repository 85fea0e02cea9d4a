"""People, who reported them, and who read their contacts. What is personal is sealed; what stands in the clear is masked."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from services.talent.registry import Base, Id, Instant, Words

_MONTH_TO_FIND = text(
    "born_month is null and id_type in ('resident_id', 'hmt_residence_permit', 'foreign_resident_id')"
    " and id_number_sealed is not null"
)


class Person(Base):
    """One person, known by one document. `id_lookup` is the keyed hash that makes one number one row.

    `registered_by` is the department whose report made the record. A provisional person is that department's alone: its hash
    covers the department too. `merged_into` is whom both ids answer as; that person is not merged (ADR 0022).
    `born_month`: the first day of the month of birth, where the document has one.
    """

    __tablename__ = "people"

    id: Mapped[Id]
    id_type: Mapped[Words]
    id_lookup: Mapped[bytes]
    id_number_sealed: Mapped[bytes | None]
    id_number_masked: Mapped[Words]
    name_sealed: Mapped[bytes | None]
    name_masked: Mapped[Words]
    phone_sealed: Mapped[bytes | None]
    phone_masked: Mapped[Words | None]
    email_sealed: Mapped[bytes | None]
    email_masked: Mapped[Words | None]
    version: Mapped[int]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    registered_by: Mapped[Words | None]
    contact_lookup: Mapped[bytes | None]
    """The keyed hash of name and phone together, by which the record is found; none without a phone."""
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", name="people_merged_into_fkey"))
    erased_at: Mapped[Instant | None]
    """When all that is personal was taken out of the row; its hash is then of nothing."""
    born_month: Mapped[dt.date | None]

    __table_args__ = (
        Index("people_id_lookup", "id_lookup", unique=True),
        Index("people_contact_lookup", "contact_lookup", postgresql_where=text("contact_lookup is not null")),
        Index(
            "people_without_contact_lookup",
            "id",
            postgresql_where=text("contact_lookup is null and phone_sealed is not null"),
        ),
        Index("people_created_at", "created_at", "id"),
        Index("people_updated_at", "updated_at"),
        Index("people_merged_into", "merged_into", "id", postgresql_where=text("merged_into is not null")),
        Index("people_without_month", "id", postgresql_where=_MONTH_TO_FIND),
        CheckConstraint("merged_into <> id", name="people_not_merged_into_itself"),
        CheckConstraint(
            "case when erased_at is null then num_nulls(id_number_sealed, name_sealed) = 0 else num_nonnulls("
            "id_number_sealed, name_sealed, phone_sealed, phone_masked, email_sealed, email_masked, contact_lookup) = 0 end",
            name="people_erased",
        ),
        CheckConstraint("extract(day from born_month) = 1", name="people_born_month_first"),
    )


class PersonReport(Base):
    """What one department says of a person, sealed under the person's id; it may differ from the record."""

    __tablename__ = "person_reports"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    department: Mapped[Words] = mapped_column(primary_key=True)
    client_id: Mapped[Words]
    name_sealed: Mapped[bytes]
    phone_sealed: Mapped[bytes | None]
    email_sealed: Mapped[bytes | None]
    reported_at: Mapped[Instant]
    phone_masked: Mapped[Words | None]
    email_masked: Mapped[Words | None]
    contact_lookup: Mapped[bytes | None]

    __table_args__ = (
        Index("person_reports_department", "department", "person_id"),
        Index(
            "person_reports_contact_lookup",
            "department",
            "contact_lookup",
            postgresql_where=text("contact_lookup is not null"),
        ),
        Index(
            "person_reports_without_contact_lookup",
            "person_id",
            postgresql_where=text("contact_lookup is null and phone_sealed is not null"),
        ),
    )


class DuplicatePerson(Base):
    """A provisional person and the one whose document it has under another name; the city office decides."""

    __tablename__ = "duplicate_people"

    provisional_id: Mapped[UUID] = mapped_column(
        ForeignKey("people.id", name="duplicate_people_provisional_fkey"), primary_key=True
    )
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", name="duplicate_people_person_fkey"))
    department: Mapped[Words]
    client_id: Mapped[Words]
    state: Mapped[Words]
    created_at: Mapped[Instant]
    decided_at: Mapped[Instant | None]
    decided_by: Mapped[Words | None]

    __table_args__ = (
        CheckConstraint("state in ('open', 'merged', 'dismissed')", name="duplicate_people_state"),
        Index("duplicate_people_state_created", "state", "created_at", "provisional_id"),
    )


class ContactRead(Base):
    """Who read the contacts of which people, when and why; only ever appended to."""

    __tablename__ = "contact_reads"

    id: Mapped[Id]
    read_at: Mapped[Instant]
    read_by: Mapped[Words]
    purpose: Mapped[Words]
    request_id: Mapped[Words]
    person_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))

    __table_args__ = (Index("contact_reads_person", "person_ids", postgresql_using="gin"),)
