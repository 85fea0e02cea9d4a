"""Uploads and annotated workbooks at rest: sealed in parts, bound to their import and place, with a key of their own.

Lives here: writing and reading the parts. Not here: what a file means.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_once
from sqlalchemy.orm import Session

from chassis.ground.settings import ServiceSettings
from chassis.keys.rings import FieldCipher, KeyRing, check_canary, read_keyring
from chassis.store.work import Work
from services.talent.imports.tables import ImportChunk, ImportWorkbookPart

KEYRING = "upload_encryption"


@dataclass(frozen=True)
class UploadKeys:
    """Seals and opens the parts of files."""

    cipher: FieldCipher
    ring: KeyRing

    def seal(self, import_id: UUID, what: str, part: bytes) -> bytes:
        return self.cipher.seal(part, row=str(import_id), column=what)

    def open(self, import_id: UUID, what: str, sealed: bytes) -> bytes:
        return self.cipher.open_bytes(sealed, row=str(import_id), column=what)


def load(settings: ServiceSettings) -> UploadKeys:
    """The keyring ``upload_encryption``; raises KeyProblem."""
    return of_ring(read_keyring(settings.key_dir, KEYRING, is_dev=settings.is_dev))


def of_ring(ring: KeyRing) -> UploadKeys:
    """The keys of a keyring."""
    return UploadKeys(FieldCipher(ring), ring)


def prove(work: Work, keys: UploadKeys) -> None:
    """Refuse keys that are not those this database was written with. Raises KeyProblem."""
    check_canary(work.session, keys.ring)


def add_chunk(session: Session, uploads: UploadKeys, import_id: UUID, index: int, data: bytes) -> bool:
    """Store a piece of an upload; False when another piece already stands there."""
    digest = hashlib.sha256(data).digest()
    sealed = uploads.seal(import_id, f"chunk {index}", data)
    row = {"import_id": import_id, "index": index, "digest": digest, "sealed": sealed}
    stored = insert_once(ImportChunk).values(row).on_conflict_do_nothing().returning(ImportChunk.index)
    if session.execute(stored).scalar() is not None:
        return True
    asked = select(ImportChunk.digest).where(ImportChunk.import_id == import_id, ImportChunk.index == index)
    return session.scalar(asked) == digest


def upload_parts(session: Session, uploads: UploadKeys, import_id: UUID) -> Iterator[bytes]:
    """The pieces of an upload in order."""
    asked = select(ImportChunk.index, ImportChunk.sealed).where(ImportChunk.import_id == import_id)
    for index, sealed in session.execute(asked.order_by(ImportChunk.index)):
        yield uploads.open(import_id, f"chunk {index}", sealed)


def write_workbook(session: Session, uploads: UploadKeys, import_id: UUID, parts: Iterable[bytes]) -> None:
    """Store the annotated workbook, in place of one an interrupted worker may have left."""
    session.execute(delete(ImportWorkbookPart).where(ImportWorkbookPart.import_id == import_id))
    for index, part in enumerate(parts):
        sealed = uploads.seal(import_id, f"workbook {index}", part)
        session.execute(insert(ImportWorkbookPart), [{"import_id": import_id, "index": index, "sealed": sealed}])


def workbook_part(session: Session, uploads: UploadKeys, import_id: UUID, index: int) -> bytes | None:
    """One piece of the workbook; None past the last."""
    asked = select(ImportWorkbookPart.sealed).where(
        ImportWorkbookPart.import_id == import_id, ImportWorkbookPart.index == index
    )
    sealed = session.scalar(asked)
    return uploads.open(import_id, f"workbook {index}", sealed) if sealed is not None else None


def has_workbook_part(session: Session, import_id: UUID, index: int) -> bool:
    """Whether the workbook has a piece `index`."""
    asked = select(ImportWorkbookPart.index).where(
        ImportWorkbookPart.import_id == import_id, ImportWorkbookPart.index == index
    )
    return session.scalar(asked) is not None
