"""Kinds of activities."""

from __future__ import annotations

from flask_smorest import Blueprint

from contracts.events import kinds as S
from gateway.http import records

blueprint = Blueprint("activity_kinds", __name__, description="活动类别 / Kinds of activities")
READ, GOVERN = "activities:read", "kinds:govern"

records.put(
    blueprint,
    "/v1/activity-kinds/<slug:key>",
    GOVERN,
    ("发布活动类别", "Put a kind of activity"),
    "events.put_activity_kind",
    S.PutActivityKind,
    S.ActivityKind,
    read_by="events.get_activity_kind",
)
records.get(
    blueprint,
    "/v1/activity-kinds/<slug:key>",
    READ,
    ("读取活动类别", "Read a kind of activity"),
    "events.get_activity_kind",
    S.GetActivityKind,
    S.ActivityKind,
)
records.list_all(
    blueprint,
    "/v1/activity-kinds",
    READ,
    ("列出活动类别", "List kinds of activities"),
    "events.list_activity_kinds",
    S.ActivityKinds,
)
