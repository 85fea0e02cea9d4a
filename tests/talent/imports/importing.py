"""What the tests of imports share: a department's way from a file to its verdicts, without a broker."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from openpyxl import Workbook, load_workbook

from chassis.imports import files, job, results, uploading
from chassis.keys.rings import KeyRing
from chassis.process.dependencies import BoundDatabase
from chassis.store.work import PLATFORM
from contracts.imports import CHUNK_BYTES
from services.talent.imports import kinds
from tests.talent.conftest import City

HEADERS = ("姓名", "证件号码", "手机号", "学校", "身份", "入学日期", "预计毕业日期")

Row = Sequence[object]


class Desk:
    """Uploads files for departments and carries the imports out, as the service's timer does."""

    def __init__(self, city: City) -> None:
        self.city = city
        ring = KeyRing("upload_encryption", "2026a", {"2026a": b"u" * 32})
        self.uploads = files.of_ring("talent", ring, kinds.of_keys(city.keys), kinds.REGISTERS)
        self.database = BoundDatabase(city.engine, PLATFORM, lambda: None)

    def start(self, content: bytes, *, department: str = "education", **fields: Any) -> UUID:
        """Announce a file; returns the import's id."""
        chosen = {"kind": "roster", "mode": "best_effort", "organisation_id": None, "filename": "名单.xlsx"}
        size, digest = len(content), hashlib.sha256(content).hexdigest()
        with self.city.work(department) as work:
            started = uploading.start_import(
                work, uploads=self.uploads, **{**chosen, "size": size, "sha256": digest, **fields}
            )
        return UUID(str(started["id"]))

    def append(self, import_id: UUID, index: int, piece: bytes, *, department: str = "education") -> dict[str, Any]:
        """Send one piece."""
        data = base64.b64encode(piece).decode()
        with self.city.work(department) as work:
            return uploading.append_import_chunk(
                work, uploads=self.uploads, import_id=import_id, index=index, data_base64=data
            )

    def submit(self, import_id: UUID, *, department: str = "education") -> dict[str, Any]:
        """Say that all pieces are sent."""
        with self.city.work(department) as work:
            return uploading.submit_import(work, uploads=self.uploads, import_id=import_id)

    def upload(self, content: bytes, *, department: str = "education", **fields: Any) -> UUID:
        """Announce, send and submit; the import waits for its worker."""
        import_id = self.start(content, department=department, **fields)
        for index, start in enumerate(range(0, len(content), CHUNK_BYTES)):
            self.append(import_id, index, content[start : start + CHUNK_BYTES], department=department)
        self.submit(import_id, department=department)
        return import_id

    def run_next(self) -> bool:
        """One turn of the timer."""
        return job.run_next(database=self.database, uploads=self.uploads)

    def run(self, content: bytes, **fields: Any) -> dict[str, Any]:
        """Upload and carry out whatever waits; the import as its department sees it."""
        import_id = self.upload(content, **fields)
        while self.run_next():
            pass
        return self.get(import_id, department=fields.get("department", "education"))

    def get(self, import_id: UUID, *, department: str = "education") -> dict[str, Any]:
        """The import as this department sees it."""
        with self.city.work(department) as work:
            return results.get_import(work, uploads=self.uploads, import_id=import_id)

    def rows(self, found: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
        """All verdicts of an import in the order of the file."""
        arguments = {"limit": 1000, "after": None, "verdict": None, **fields}
        with self.city.work(found["reported_by"][0]) as work:
            return list(
                results.list_import_rows(work, uploads=self.uploads, import_id=found["id"], **arguments)["items"]
            )

    def verdicts(self, found: dict[str, Any]) -> list[str]:
        """The verdict of each row in the order of the file."""
        return [row["verdict"] for row in self.rows(found)]

    def workbook(self, found: dict[str, Any]) -> Any:
        """The sheet of the annotated workbook."""
        return load_workbook(io.BytesIO(self.workbook_file(found))).active

    def workbook_file(self, found: dict[str, Any]) -> bytes:
        """The annotated workbook, read in all its parts."""
        content, offset = b"", 0
        while offset is not None:
            with self.city.work(found["reported_by"][0]) as work:
                part = results.read_import_workbook(work, uploads=self.uploads, import_id=found["id"], offset=offset)
            content, offset = content + base64.b64decode(part["data_base64"]), part["next_offset"]
        return content

    def with_settings(self, **changes: Any) -> Desk:
        """This desk, with other limits."""
        self.uploads = replace(self.uploads, settings=replace(self.uploads.settings, **changes))
        return self

    def apply_with(self, apply: Any) -> None:
        """Have the rows of rosters applied by this function."""
        self.uploads = replace(self.uploads, kinds={"roster": replace(self.uploads.kinds["roster"], apply=apply)})

    def waits_no_longer(self, import_id: UUID) -> None:
        """Let the lease of a worker that died run out."""
        with self.city.engine.begin() as connection:
            connection.exec_driver_sql(
                "update imports set lease_until = lease_until - interval '1 hour' where id = %s", (str(import_id),)
            )


def table(rows: Sequence[Row], headers: Sequence[str] = HEADERS) -> bytes:
    """An XLSX workbook of these rows below these headers."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [headers, *rows]:
        sheet.append(list(row))
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def csv_of(rows: Sequence[Row], headers: Sequence[str] = HEADERS, *, encoding: str = "utf-8") -> bytes:
    """A CSV file of these rows below these headers."""
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in [headers, *rows]]
    return "\r\n".join(lines).encode(encoding)
