"""The job that carries imports out: any replica takes one, and any other goes on where it stopped.

Lives here: claiming, reading in the child process, applying chunk by chunk, ending. A claim is a lease that is renewed;
when its holder dies, another takes over after ``lease_seconds``. Each chunk of ``best_effort`` commits its rows, their
verdicts and the progress together, and only if the progress is still what the worker left, so a worker that lost its claim
changes nothing. ``dry_run`` and ``all_or_nothing`` run in one transaction that is rolled back, or committed whole.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, or_, select, update

from chassis import clock
from chassis.dependencies import BoundDatabase
from chassis.work import Caller, Work
from services.talent import import_files, import_settings
from services.talent.import_files import UploadKeys
from services.talent.import_rows import Line, Verdict, apply_lines
from services.talent.people_keys import PeopleKeys
from services.talent.spreadsheets.limited import ChildFailed, annotate_roster, read_roster
from services.talent.spreadsheets.reasons import FileRefused, reason, warning
from services.talent.tables import Import, ImportRow

log = logging.getLogger(__name__)
SETTINGS = import_settings.load()


class ClaimLost(Exception):
    """Another replica has taken the import over."""


class _RolledBack(Exception):
    """Leaves a unit of work without committing it."""


def run_next(database: BoundDatabase, *, uploads: UploadKeys, keys: PeopleKeys) -> bool:
    """Carry out the oldest waiting import; false when none waits."""
    row = _claim(database)
    if row is None:
        return False
    try:
        _Job(database, row, uploads, keys).run()
    except ClaimLost:
        log.warning("import %s: another replica has taken it over", row.id)
    except ChildFailed as failure:
        log.error("import %s: the reading process failed: %s", row.id, failure)
    return True


def _claim(database: BoundDatabase) -> Import | None:
    with database.work() as work:
        free = or_(Import.lease_until.is_(None), Import.lease_until < work.now)
        asked = select(Import).where(Import.state.in_(("queued", "applying")), free).order_by(Import.id).limit(1)
        row = work.session.scalar(asked.with_for_update(skip_locked=True))
        if row is None:
            return None
        if row.attempts >= SETTINGS.max_attempts:
            _end(work, row.id, "failed", failure=reason("import_failed_repeatedly"))
            return None
        row.state, row.attempts = "applying", row.attempts + 1
        row.lease_until = work.now + dt.timedelta(seconds=SETTINGS.lease_seconds)
        work.session.flush()
        work.session.expunge(row)
        return row


class _Job:
    """One import in one replica's hands."""

    def __init__(self, database: BoundDatabase, row: Import, uploads: UploadKeys, keys: PeopleKeys) -> None:
        self._database, self._row, self._uploads, self._keys = database, row, uploads, keys
        # the rows are reported by the uploader, not by the platform
        self._caller = Caller(row.client_id, row.department, row.request_id, trusted=True)
        self._renewed_at = time.monotonic()

    def run(self) -> None:
        try:
            lines = self._read()
        except FileRefused as refused:
            with self._database.work() as work:
                _end(work, self._row.id, "rejected", failure=reason(refused.code, **refused.params))
            return
        if self._row.mode == "best_effort":
            failure = self._apply_by_chunks(lines)
        else:
            failure = self._apply_at_once(lines)
        self._annotate()
        with self._database.work() as work:
            applied = self._row.mode != "dry_run" and failure is None
            _end(work, self._row.id, "rejected" if failure else "done", failure=failure, is_applied=applied)

    def _parts(self) -> list[bytes]:
        with self._database.reading() as work:
            return list(import_files.upload_parts(work.session, self._uploads, self._row.id))

    def _read(self) -> list[Line]:
        needs_organisation = self._row.organisation_id is None
        lines = read_roster(
            self._parts(), needs_organisation=needs_organisation, settings=SETTINGS, on_wait=self._renew
        )
        about = next(lines)
        with self._database.work() as work:
            values = {"total": about["total"], "warnings": about["warnings"]}
            work.session.execute(update(Import).where(Import.id == self._row.id).values(values))
        return list(lines)

    def _apply_by_chunks(self, lines: Sequence[Line]) -> None:
        done = self._row.next_line
        for chunk in chunks_of(lines[done:], SETTINGS.chunk_rows):
            with self._database.work(caller=self._caller) as work:
                verdicts = self._apply(work, chunk)
                _write_verdicts(work, self._row.id, verdicts)
                self._advance(work, done, done + len(chunk))
            done += len(chunk)
            self._renewed_at = time.monotonic()
            time.sleep(0)  # let requests on the same hub through

    def _apply_at_once(self, lines: Sequence[Line]) -> dict[str, str] | None:
        verdicts: list[Verdict] = []
        failure = None
        is_trial = self._row.mode == "dry_run"
        try:
            with self._database.work(caller=self._caller) as work:
                for chunk in chunks_of(lines, SETTINGS.chunk_rows):
                    verdicts += self._apply(work, chunk)
                    self._renew()
                    time.sleep(0)
                rejected = sum(verdict.verdict == "rejected" for verdict in verdicts)
                if rejected and not is_trial:
                    failure = reason("rows_rejected", rejected=rejected)
                if is_trial or failure:
                    raise _RolledBack
                self._finish_lines(work, verdicts, len(lines))
        except _RolledBack:
            for verdict in verdicts:
                verdict.affiliation_id = None  # it names what was rolled back
            with self._database.work(caller=self._caller) as work:
                self._finish_lines(work, verdicts, len(lines))
        return failure

    def _finish_lines(self, work: Work, verdicts: list[Verdict], count: int) -> None:
        if self._row.next_line == 0:
            _write_verdicts(work, self._row.id, verdicts)
            self._advance(work, 0, count)

    def _apply(self, work: Work, chunk: Sequence[Line]) -> list[Verdict]:
        return apply_lines(work, chunk, keys=self._keys, organisation_id=self._row.organisation_id)

    def _advance(self, work: Work, before: int, after: int) -> None:
        mine = update(Import).where(Import.id == self._row.id, Import.next_line == before, Import.state == "applying")
        lease_until = clock.now() + dt.timedelta(seconds=SETTINGS.lease_seconds)
        moved: Any = work.session.execute(mine.values(next_line=after, lease_until=lease_until, attempts=1))
        if moved.rowcount != 1:
            raise ClaimLost

    def _renew(self) -> None:
        if time.monotonic() - self._renewed_at < SETTINGS.renew_seconds:
            return
        self._renewed_at = time.monotonic()
        with self._database.work() as work:
            lease_until = work.now + dt.timedelta(seconds=SETTINGS.lease_seconds)
            work.session.execute(update(Import).where(Import.id == self._row.id).values(lease_until=lease_until))

    def _annotate(self) -> None:
        """Make the annotated workbook; a file it cannot be made of gets a warning instead."""
        with self._database.reading() as work:
            verdicts = _shown_verdicts(work, self._row.id)
        is_trial = self._row.mode == "dry_run"
        try:
            parts = list(
                annotate_roster(self._parts(), verdicts, is_trial=is_trial, settings=SETTINGS, on_wait=self._renew)
            )
        except (FileRefused, ChildFailed) as failure:
            log.warning("import %s: no annotated workbook: %s", self._row.id, failure)
            with self._database.work() as work:
                added = Import.warnings.op("||")(func.jsonb_build_array(_json(warning("workbook_not_made"))))
                work.session.execute(update(Import).where(Import.id == self._row.id).values(warnings=added))
            return
        with self._database.work() as work:
            import_files.write_workbook(work.session, self._uploads, self._row.id, parts)
            work.session.execute(update(Import).where(Import.id == self._row.id).values(has_workbook=True))


def chunks_of(lines: Sequence[Line], size: int) -> Iterator[Sequence[Line]]:
    """The lines in chunks of about `size`, never cutting between two rows of one person."""
    start = 0
    while start < len(lines):
        end = min(start + size, len(lines))
        while end < len(lines) and lines[end]["person"] == lines[end - 1]["person"]:
            end += 1
        yield lines[start:end]
        start = end


def _write_verdicts(work: Work, import_id: UUID, verdicts: Sequence[Verdict]) -> None:
    rows = [
        {
            "import_id": import_id,
            "row": verdict.row,
            "verdict": verdict.verdict,
            "violations": verdict.violations,
            "affiliation_id": verdict.affiliation_id,
        }
        for verdict in verdicts
    ]
    if rows:
        work.session.connection().execute(insert(ImportRow), rows)


def _shown_verdicts(work: Work, import_id: UUID) -> dict[int, list[str]]:
    asked = select(ImportRow.row, ImportRow.verdict, ImportRow.violations).where(ImportRow.import_id == import_id)
    shown = {}
    for number, verdict, violations in work.session.execute(asked):
        zh = "；".join(f"{one['column']}：{one['zh']}" for one in violations)
        en = "; ".join(f"{one['column']}: {one['en']}" for one in violations)
        shown[number] = [verdict, zh, en]
    return shown


def _end(
    work: Work, import_id: UUID, state: str, *, failure: dict[str, str] | None = None, is_applied: bool = False
) -> None:
    ended = update(Import).where(Import.id == import_id, Import.state.in_(("queued", "applying")))
    values = {
        "state": state,
        "reason": failure,
        "is_applied": is_applied,
        "finished_at": work.now,
        "lease_until": None,
        "version": Import.version + 1,
    }
    work.session.execute(ended.values(values))
    work.record("import", import_id, from_state="applying", to_state=state, reason=failure["code"] if failure else None)


def _json(value: dict[str, str]) -> Any:
    return func.jsonb_build_object(*[part for pair in value.items() for part in pair])
