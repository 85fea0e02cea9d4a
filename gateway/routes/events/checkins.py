"""Check-ins at the door."""

from __future__ import annotations

from flask_smorest import Blueprint

from contracts.events import checkins as S
from gateway.http import scans

blueprint = Blueprint("checkins", __name__, description="签到 / Check-ins")
SCAN = "checkins:scan"

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
