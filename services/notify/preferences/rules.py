"""The law of preferences (偏好): whether a person wants a message on a channel, and not before when.

Quiet hours are times of the day in the city, given as ``HH:MM``; they run over midnight where the end is the earlier.
A channel that disturbs no person (the in-app inbox) keeps no quiet hours, nor does an urgent message.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

#: China has kept this offset without summer time since 1991.
_CITY = dt.timezone(dt.timedelta(hours=8))


@dataclass(frozen=True)
class QuietHours:
    """From one time of the day until another."""

    from_time: dt.time
    until_time: dt.time

    @classmethod
    def parse(cls, from_time: str, until_time: str) -> QuietHours:
        """Of two texts ``HH:MM``; ValueError for anything else."""
        return cls(dt.time.fromisoformat(from_time), dt.time.fromisoformat(until_time))


@dataclass(frozen=True)
class ProgrammePreference:
    """What a person wants of one programme; `channels` None is all of them."""

    enabled: bool = True
    channels: tuple[str, ...] | None = None


@dataclass(frozen=True)
class PersonPreferences:
    """What a person wants to receive; who has set nothing wants everything, outside the city's quiet hours."""

    quiet_hours: QuietHours | None
    language: str | None = None
    programmes: dict[str, ProgrammePreference] = field(default_factory=dict)


def objection(preference: PersonPreferences, *, programme: str, channel: str) -> str | None:
    """Why the person does not want it there; None where they do. Urgency does not overrule a no."""
    chosen = preference.programmes.get(programme, ProgrammePreference())
    if not chosen.enabled:
        return "programme_off"
    if chosen.channels is not None and channel not in chosen.channels:
        return "channel_unwanted"
    return None


def quiet_until(quiet_hours: QuietHours | None, now: dt.datetime) -> dt.datetime | None:
    """The end of the quiet hours `now` (aware) falls into; None outside them."""
    if quiet_hours is None or quiet_hours.from_time == quiet_hours.until_time:
        return None
    local = now.astimezone(_CITY)
    time, start, end = local.time(), quiet_hours.from_time, quiet_hours.until_time
    is_quiet = start <= time < end if start < end else (time >= start or time < end)
    if not is_quiet:
        return None
    day = local.date() + dt.timedelta(days=1 if time >= end else 0)
    return dt.datetime.combine(day, end, _CITY).astimezone(dt.UTC)
