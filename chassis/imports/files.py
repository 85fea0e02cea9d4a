"""Uploads and annotated workbooks at rest: sealed in parts, bound to their import and place, with a key of their own.

Lives here: writing and reading the parts. Not here: what a file means.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, delete, exists, insert, or_, select
from sqlalchemy.dialects.postgresql import insert as insert_once
from sqlalchemy.orm import Session

from chassis.ground.settings import ServiceSettings
from chassis.imports import settings as import_settings
from chassis.imports.kinds import NO_DATA, ImportKind, Kinds, KindsAsData
from chassis.imports.refusals import ImportKindNotFound
from chassis.imports.settings import ImportSettings
from chassis.imports.tables import CHUNKS, IMPORTS, WORKBOOK_PARTS
from chassis.keys.rings import FieldCipher, KeyRing, check_canary, read_keyring
from chassis.store.work import Work
from contracts.language.refusals import Refusal

KEYRING = "upload_encryption"


@dataclass(frozen=True)
class Uploads:
    """The imports of a service: its kinds, their limits, and what seals and opens the parts of files."""

    service: str
    """Whose uploads they are."""
    cipher: FieldCipher
    ring: KeyRing
    settings: ImportSettings
    kinds: Kinds
    as_data: KindsAsData = NO_DATA

    def find(self, work: Work, key: str) -> ImportKind | None:
        """The kind of this key: one that is code, or one that is data."""
        kind = self.kinds.get(key)
        return kind.completed(work, kind) if kind is not None else self.as_data.find(work, key)

    def listed(self, work: Work) -> list[ImportKind]:
        """The kinds that are code, then those that are data and that the caller's department may upload."""
        return [*(kind.completed(work, kind) for kind in self.kinds.values()), *self.as_data.listed(work)]

    def kind(self, work: Work, key: str) -> ImportKind:
        """The kind of this key. Raises ImportKindNotFound."""
        found = self.find(work, key)
        if found is None:
            raise self.refusal(ImportKindNotFound())
        return found

    def refusal(self, refusal: Refusal) -> Refusal:
        """The refusal, with a code of this service: ``talent.import_not_found``."""
        refusal.code = f"{self.service}.{refusal.code.partition('.')[2]}"
        return refusal

    def seal(self, import_id: UUID, what: str, part: bytes) -> bytes:
        return self.cipher.seal(part, row=str(import_id), column=what)

    def open(self, import_id: UUID, what: str, sealed: bytes) -> bytes:
        return self.cipher.open_bytes(sealed, row=str(import_id), column=what)


def load(settings: ServiceSettings, kinds: Kinds, as_data: KindsAsData = NO_DATA) -> Uploads:
    """The uploads of a service with these kinds, sealed with the keyring ``upload_encryption``; raises KeyProblem."""
    return of_ring(settings.name, read_keyring(settings.key_dir, KEYRING, is_dev=settings.is_dev), kinds, as_data)


def of_ring(service: str, ring: KeyRing, kinds: Kinds, as_data: KindsAsData = NO_DATA) -> Uploads:
    """The uploads of a service with these kinds, sealed with a keyring."""
    return Uploads(service, FieldCipher(ring), ring, import_settings.load(service), kinds, as_data)


def prove(work: Work, keys: Uploads) -> None:
    """Refuse keys that are not those this database was written with. Raises KeyProblem."""
    check_canary(work.session, keys.ring)


def add_chunk(session: Session, uploads: Uploads, import_id: UUID, index: int, data: bytes) -> bool:
    """Store a piece of an upload; False when another piece already stands there."""
    digest = hashlib.sha256(data).digest()
    sealed = uploads.seal(import_id, f"chunk {index}", data)
    row = {"import_id": import_id, "index": index, "digest": digest, "sealed": sealed}
    stored = insert_once(CHUNKS).values(row).on_conflict_do_nothing().returning(CHUNKS.c.index)
    if session.execute(stored).scalar() is not None:
        return True
    statement = select(CHUNKS.c.digest).where(CHUNKS.c.import_id == import_id, CHUNKS.c.index == index)
    return session.scalar(statement) == digest


def upload_parts(session: Session, uploads: Uploads, import_id: UUID) -> Iterator[bytes]:
    """The pieces of an upload in order."""
    statement = select(CHUNKS.c.index, CHUNKS.c.sealed).where(CHUNKS.c.import_id == import_id)
    for index, sealed in session.execute(statement.order_by(CHUNKS.c.index)):
        yield uploads.open(import_id, f"chunk {index}", sealed)


def forget_upload(session: Session, import_id: UUID) -> None:
    """Delete the pieces of an upload: what the import needed of them is applied, and shown in the workbook."""
    session.execute(delete(CHUNKS).where(CHUNKS.c.import_id == import_id))


def forget_needless_uploads(session: Session, *, unfinished_before: dt.datetime) -> None:
    """Delete the pieces nobody needs any more: of imports that have ended, and of uploads nobody submits."""
    ended = IMPORTS.c.state.in_(("done", "rejected", "failed"))
    unfinished = and_(IMPORTS.c.state == "uploading", IMPORTS.c.created_at < unfinished_before)
    has_pieces = exists().where(CHUNKS.c.import_id == IMPORTS.c.id)
    needless = select(IMPORTS.c.id).where(or_(ended, unfinished), has_pieces).with_for_update(skip_locked=True)
    session.execute(delete(CHUNKS).where(CHUNKS.c.import_id.in_(needless)))


def write_workbook(session: Session, uploads: Uploads, import_id: UUID, parts: Iterable[bytes]) -> None:
    """Store the annotated workbook, in place of one an interrupted worker may have left."""
    session.execute(delete(WORKBOOK_PARTS).where(WORKBOOK_PARTS.c.import_id == import_id))
    for index, part in enumerate(parts):
        sealed = uploads.seal(import_id, f"workbook {index}", part)
        session.execute(insert(WORKBOOK_PARTS), [{"import_id": import_id, "index": index, "sealed": sealed}])


def workbook_part(session: Session, uploads: Uploads, import_id: UUID, index: int) -> bytes | None:
    """One piece of the workbook; None past the last."""
    statement = select(WORKBOOK_PARTS.c.sealed).where(
        WORKBOOK_PARTS.c.import_id == import_id, WORKBOOK_PARTS.c.index == index
    )
    sealed = session.scalar(statement)
    return uploads.open(import_id, f"workbook {index}", sealed) if sealed is not None else None


def has_workbook_part(session: Session, import_id: UUID, index: int) -> bool:
    """Whether the workbook has a piece `index`."""
    statement = select(WORKBOOK_PARTS.c.index).where(
        WORKBOOK_PARTS.c.import_id == import_id, WORKBOOK_PARTS.c.index == index
    )
    return session.scalar(statement) is not None
