"""Check-ins at the door."""

from __future__ import annotations

from flask_smorest import Blueprint

from contracts.events import checkins as S
from gateway.http import records, scans

blueprint = Blueprint("checkins", __name__, description="签到 / Check-ins")
SCAN, READ = "checkins:scan", "registrations:read"
#: Of who made the activity; a door cannot take back.
WRITE = "activities:write"

scans.scan(
    blueprint,
    "/v1/checkins",
    SCAN,
    ("签到", "Check a person in"),
    "events.check_in",
    S.CheckIn,
    S.CheckInRecord,
    member="checkin",
    conflict="events.checked_in_before",
)
records.move(
    blueprint,
    "/v1/checkins/<uuid:checkin_id>/revoke",
    WRITE,
    ("撤销签到", "Take a check-in back"),
    "events.revoke_checkin",
    S.RevokeCheckIn,
    S.CheckInRecord,
)
records.list_of(
    blueprint,
    "/v1/activities/<uuid:activity_id>/checkins",
    READ,
    ("列出活动的签到", "List the check-ins of an activity"),
    "events.list_checkins",
    S.ListCheckIns,
    S.CheckInRecordPage,
)
