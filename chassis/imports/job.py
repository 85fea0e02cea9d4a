"""The job that carries imports out: any replica takes one, and any other goes on where it stopped.

Lives here: claiming, reading in the child process, applying chunk by chunk, ending. A claim is a lease that is renewed;
when its holder dies, another takes over after ``lease_seconds``. Each chunk of ``best_effort`` commits its rows, their
verdicts and the progress together, and only if the progress is still what the worker left, so a worker that lost its claim
changes nothing. ``dry_run`` goes the same way and rolls each chunk's rows back: lines of one group share a chunk, and no
verdict depends on another group's lines. ``all_or_nothing`` is one transaction, with the outcome stored in it.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from chassis.ground import clock
from chassis.imports import files, results
from chassis.imports.accounts import listed_rows
from chassis.imports.files import Uploads
from chassis.imports.kinds import ImportKind, Line, Verdict
from chassis.imports.limited import ChildFailed, annotate_file, read_file
from chassis.imports.reasons import FileRefused, reason, warning
from chassis.imports.settings import ImportSettings
from chassis.imports.tables import IMPORTS, ROWS
from chassis.process.dependencies import BoundDatabase
from chassis.store import audit
from chassis.store.database import is_transient
from chassis.store.work import Caller, Work

log = logging.getLogger(__name__)

YIELD_EVERY = 1000  # lines read between two looks at the hub


class ClaimLost(Exception):
    """Another replica has taken the import over."""


class _RolledBack(Exception):
    """Leaves a unit of work without committing it."""


def run_next(*, database: BoundDatabase, uploads: Uploads) -> bool:
    """Carry out the oldest waiting import; false when none waits."""
    row = _claim(database, uploads.settings)
    if row is None:
        return False
    try:
        _Job(database, row, uploads).run()
    except ClaimLost:
        log.warning("import %s: another replica has taken it over", row.id)
    except ChildFailed as failure:
        log.error("import %s: the reading process failed: %s", row.id, failure)
    except SQLAlchemyError as error:
        if not is_transient(error):
            raise
        log.warning("import %s: interrupted by the database, it goes on when the lease is over", row.id)
        _forgive(database, row.id)
    return True


def _forgive(database: BoundDatabase, import_id: UUID) -> None:
    """Take back the attempt: a database that was away or busy is no fault of the file."""
    with database.work() as work:
        mine = update(IMPORTS).where(IMPORTS.c.id == import_id, IMPORTS.c.state == "applying")
        work.session.execute(mine.values(attempts=func.greatest(IMPORTS.c.attempts - 1, 0)))


def _claim(database: BoundDatabase, settings: ImportSettings) -> Row[Any] | None:
    with database.work() as work:
        free = or_(IMPORTS.c.lease_until.is_(None), IMPORTS.c.lease_until < work.now)
        waiting = select(IMPORTS.c.id, IMPORTS.c.attempts).where(IMPORTS.c.state.in_(("queued", "applying")), free)
        oldest = waiting.order_by(IMPORTS.c.id).limit(1).with_for_update(skip_locked=True)
        found = work.session.execute(oldest).one_or_none()
        if found is None:
            return None
        if found.attempts >= settings.max_attempts:
            _end(work, found.id, "failed", failure=reason("import_failed_repeatedly"))
            return None
        values = {
            "state": "applying",
            "attempts": found.attempts + 1,
            "lease_until": work.now + dt.timedelta(seconds=settings.lease_seconds),
        }
        claimed = update(IMPORTS).where(IMPORTS.c.id == found.id).values(values).returning(*IMPORTS.c)
        return work.session.execute(claimed).one()


class _Job:
    """One import in one replica's hands."""

    def __init__(self, database: BoundDatabase, row: Row[Any], uploads: Uploads) -> None:
        self._database, self._row, self._uploads = database, row, uploads
        self._settings = uploads.settings
        # the rows are reported by the uploader, not by the platform
        self._caller = Caller(row.client_id, row.department, row.request_id, trusted=True)
        self._renewed_at = time.monotonic()

    @cached_property
    def _kind(self) -> ImportKind:
        """The kind as it stands when this replica begins; refuses (FileRefused) one that is gone."""
        with self._database.reading() as work:
            found = self._uploads.find(work, self._row.kind)
        if found is None:
            raise FileRefused("kind_gone")
        return found

    def run(self) -> None:
        try:
            lines = self._read()
        except FileRefused as refused:
            with self._database.work() as work:
                self._hold(work, self._row.next_line)
                _end(work, self._row.id, "rejected", failure=reason(refused.code, **refused.params))
            return
        if self._row.mode != "all_or_nothing":
            self._apply_by_chunks(lines)
        elif self._row.next_line == 0:
            self._apply_at_once(lines)
        parts = self._annotate()
        with self._database.work() as work:
            self._hold(work, len(lines))
            self._keep_workbook(work, parts)
            failure = work.session.scalar(select(IMPORTS.c.reason).where(IMPORTS.c.id == self._row.id))
            _end(work, self._row.id, "rejected" if failure else "done", failure=failure)

    def _parts(self) -> list[bytes]:
        with self._database.reading() as work:
            return list(files.upload_parts(work.session, self._uploads, self._row.id))

    def _read(self) -> list[Line]:
        is_given = self._row.organisation_id is not None
        lines = read_file(self._parts(), self._kind, is_given=is_given, settings=self._settings, on_wait=self._renew)
        about = next(lines)
        with self._database.work() as work:
            self._hold(work, self._row.next_line)
            values = {name: about[name] for name in ("total", "warnings", "reading")}
            work.session.execute(update(IMPORTS).where(IMPORTS.c.id == self._row.id).values(values))
        if self._row.mode == "all_or_nothing" and about["hidden"]:
            raise FileRefused("hidden_rows", count=len(about["hidden"]), rows=listed_rows(about["hidden"]))
        read = []
        while piece := list(islice(lines, YIELD_EVERY)):
            read += piece
            time.sleep(0)
        return read

    def _apply_by_chunks(self, lines: Sequence[Line]) -> None:
        done = self._row.next_line
        is_trial = self._row.mode == "dry_run"
        for chunk in chunks_of(lines[done:], self._settings.chunk_rows):
            tried = self._try(chunk) if is_trial else None
            with self._database.work(caller=self._caller) as work:
                self._hold(work, done)
                verdicts = self._apply(work, chunk) if tried is None else tried
                self._advance(work, verdicts, done + len(chunk), is_applied=not is_trial)
            done += len(chunk)
            self._renewed_at = time.monotonic()
            time.sleep(0)  # let requests on the same hub through

    def _try(self, chunk: Sequence[Line]) -> list[Verdict]:
        """The verdicts this chunk would get; nothing of it is kept."""
        try:
            with self._database.work(caller=self._caller) as work:
                verdicts = self._apply(work, chunk)
                raise _RolledBack
        except _RolledBack:
            return _without_ids(verdicts)

    def _apply_at_once(self, lines: Sequence[Line]) -> None:
        verdicts: list[Verdict] = []
        try:
            with self._database.work(caller=self._caller) as work:
                # the row stays locked until the end: no other replica can claim it, however long this takes
                self._hold(work, 0)
                for chunk in chunks_of(lines, self._settings.chunk_rows):
                    work.write_out()  # bit by bit; the last chunk's goes out with the commit
                    verdicts += self._apply(work, chunk)
                    time.sleep(0)
                if any(verdict.verdict == "rejected" for verdict in verdicts):
                    raise _RolledBack
                self._advance(work, verdicts, len(lines), is_applied=True)
        except _RolledBack:
            rejected = sum(verdict.verdict == "rejected" for verdict in verdicts)
            with self._database.work(caller=self._caller) as work:
                self._hold(work, 0)
                failure = reason("rows_rejected", rejected=rejected)
                self._advance(work, _without_ids(verdicts), len(lines), is_applied=False, failure=failure)

    def _apply(self, work: Work, chunk: Sequence[Line]) -> list[Verdict]:
        return self._kind.apply(work, chunk, organisation_id=self._row.organisation_id)

    def _hold(self, work: Work, progress: int) -> None:
        """Lock the import as this worker left it; raises ClaimLost."""
        mine = select(IMPORTS.c.id).where(
            IMPORTS.c.id == self._row.id, IMPORTS.c.next_line == progress, IMPORTS.c.state == "applying"
        )
        if work.session.scalar(mine.with_for_update(skip_locked=True)) is None:
            raise ClaimLost

    def _advance(
        self,
        work: Work,
        verdicts: Sequence[Verdict],
        done: int,
        *,
        is_applied: bool,
        failure: dict[str, str] | None = None,
    ) -> None:
        _write_verdicts(work, self._row.id, verdicts)
        if is_applied and self._kind.people is not None:
            ids = [str(verdict.record_id) for verdict in verdicts if verdict.record_id is not None]
            audit.append(work, "import", self._kind.people, ids, purpose=self._kind.key)
        values = {
            "next_line": done,
            "attempts": 1,
            "lease_until": clock.now() + dt.timedelta(seconds=self._settings.lease_seconds),
            "is_applied": is_applied,
            "reason": failure,
        }
        work.session.execute(update(IMPORTS).where(IMPORTS.c.id == self._row.id).values(values))

    def _renew(self) -> None:
        if time.monotonic() - self._renewed_at < self._settings.renew_seconds:
            return
        self._renewed_at = time.monotonic()
        with self._database.work() as work:
            lease_until = work.now + dt.timedelta(seconds=self._settings.lease_seconds)
            work.session.execute(update(IMPORTS).where(IMPORTS.c.id == self._row.id).values(lease_until=lease_until))

    def _annotate(self) -> list[bytes]:
        """The annotated workbook in parts; none for a file it cannot be made of."""
        with self._database.reading() as work:
            verdicts = results.shown_verdicts(work, self._row.id)
        is_trial = self._row.mode == "dry_run"
        try:
            return list(
                annotate_file(
                    self._parts(),
                    self._kind,
                    verdicts,
                    is_trial=is_trial,
                    settings=self._settings,
                    on_wait=self._renew,
                )
            )
        except (FileRefused, ChildFailed) as failure:
            log.warning("import %s: no annotated workbook: %s", self._row.id, failure)
            return []

    def _keep_workbook(self, work: Work, parts: Sequence[bytes]) -> None:
        values: dict[str, Any] = {"has_workbook": bool(parts)}
        if parts:
            files.write_workbook(work.session, self._uploads, self._row.id, parts)
        else:
            values["warnings"] = IMPORTS.c.warnings.op("||")(
                func.jsonb_build_array(_json(warning("workbook_not_made")))
            )
        work.session.execute(update(IMPORTS).where(IMPORTS.c.id == self._row.id).values(values))


def chunks_of(lines: Sequence[Line], size: int) -> Iterator[Sequence[Line]]:
    """The lines in chunks of about `size`, never cutting between two lines of one group."""
    start = 0
    while start < len(lines):
        end = min(start + size, len(lines))
        while end < len(lines) and lines[end]["group"] == lines[end - 1]["group"]:
            end += 1
        yield lines[start:end]
        start = end


def _without_ids(verdicts: list[Verdict]) -> list[Verdict]:
    # they name what was rolled back
    for verdict in verdicts:
        verdict.record_id = None
    return verdicts


def _write_verdicts(work: Work, import_id: UUID, verdicts: Sequence[Verdict]) -> None:
    rows = [
        {
            "import_id": import_id,
            "row": verdict.row,
            "verdict": verdict.verdict,
            "violations": verdict.violations,
            "record_id": verdict.record_id,
        }
        for verdict in verdicts
    ]
    if rows:
        work.session.connection().execute(insert(ROWS), rows)


def _end(work: Work, import_id: UUID, state: str, *, failure: dict[str, str] | None = None) -> None:
    ended = update(IMPORTS).where(IMPORTS.c.id == import_id, IMPORTS.c.state == "applying")
    values = {
        "state": state,
        "reason": failure,
        "finished_at": work.now,
        "lease_until": None,
        "version": IMPORTS.c.version + 1,
    }
    if work.session.execute(ended.values(values).returning(IMPORTS.c.id)).scalar() is not None:
        files.forget_upload(work.session, import_id)
        code = failure["code"] if failure else None
        work.record("import", import_id, from_state="applying", to_state=state, reason=code)


def _json(value: dict[str, str]) -> Any:
    return func.jsonb_build_object(*[part for pair in value.items() for part in pair])
