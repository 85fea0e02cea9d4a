"""Preferences (偏好): what a person wants to receive, on which channels, in which language, at which times of the day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from chassis.store.versions import VersionStale
from chassis.store.work import Work
from services.notify import people
from services.notify.preferences.rules import PersonPreferences, ProgrammePreference, QuietHours
from services.notify.preferences.tables import Preference

_CONTENT = ("language", "programmes", "quiet_hours")


def put_preferences(
    work: Work,
    *,
    person_id: UUID,
    version: int | None,
    language: str | None,
    programmes: Mapping[str, Any],
    quiet_hours: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Set them; `version` is the one they replace, None or 0 for a person who has set none.

    Raises NotThemselves, VersionStale.
    """
    person_id = people.own_id(work, person_id)
    body = {"language": language, "programmes": programmes, "quiet_hours": quiet_hours}
    known = work.session.get(Preference, person_id)
    if (known.version if known else 0) != (version or 0):
        raise VersionStale(current=known.version if known else 0)
    if known is not None and _content(known) == body:
        return _as_record(known) | {"created": False}
    number = (version or 0) + 1
    row = {"version": number, "changed_at": work.now, **body}
    if number == 1:
        added = insert(Preference).values(person_id=person_id, **row).on_conflict_do_nothing()
        written = work.session.execute(added.returning(Preference.version)).scalar()
    else:
        same = update(Preference).where(Preference.person_id == person_id, Preference.version == version)
        written = work.session.execute(same.values(row).returning(Preference.version)).scalar()
    if written is None:
        raise VersionStale(current=number)  # somebody else was a moment faster
    work.record(
        "preferences", person_id, from_state=f"version {version}" if version else None, to_state=f"version {number}"
    )
    return {"person_id": person_id, "version": number, "created": number == 1, **body}


def get_preferences(work: Work, *, person_id: UUID, quiet_hours: QuietHours | None) -> dict[str, Any]:
    """A person's preferences; those of somebody who has set none are the city's, as version 0. Raises NotThemselves."""
    person_id = people.own_id(work, person_id)
    known = work.session.get(Preference, person_id)
    if known is not None:
        return _as_record(known)
    default = _written(quiet_hours) if quiet_hours else None
    return {"person_id": person_id, "version": 0, "language": None, "programmes": {}, "quiet_hours": default}


def preferences_of(
    work: Work, person_ids: Collection[UUID], *, quiet_hours: QuietHours | None
) -> dict[UUID, PersonPreferences]:
    """What each of the people wants; `quiet_hours` are the city's, for those who have set nothing."""
    statement = select(Preference).where(Preference.person_id.in_(sorted(set(person_ids))))
    set_by = {row.person_id: _of_row(row) for row in work.session.scalars(statement)}
    default = PersonPreferences(quiet_hours=quiet_hours)
    return {person_id: set_by.get(person_id, default) for person_id in person_ids}


def erase(work: Work, person_ids: Collection[UUID]) -> None:
    """Forget what people want."""
    work.session.execute(delete(Preference).where(Preference.person_id.in_(person_ids)))


def _of_row(row: Preference) -> PersonPreferences:
    quiet = row.quiet_hours
    return PersonPreferences(
        language=row.language,
        quiet_hours=QuietHours.parse(quiet["from_time"], quiet["until_time"]) if quiet else None,
        programmes={name: _of_programme(chosen) for name, chosen in row.programmes.items()},
    )


def _of_programme(written: Mapping[str, Any]) -> ProgrammePreference:
    channels = written["channels"]
    return ProgrammePreference(enabled=written["enabled"], channels=tuple(channels) if channels is not None else None)


def _written(quiet_hours: QuietHours) -> dict[str, str]:
    def text(time: dt.time) -> str:
        return f"{time:%H:%M}"

    return {"from_time": text(quiet_hours.from_time), "until_time": text(quiet_hours.until_time)}


def _content(row: Preference) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _CONTENT}


def _as_record(row: Preference) -> dict[str, Any]:
    return {"person_id": row.person_id, "version": row.version, **_content(row)}
