"""Activities, their sessions, and their moves."""

from __future__ import annotations

from flask_smorest import Blueprint

from contracts.events import activities as S
from gateway.calls.owners import Owner
from gateway.http import records

blueprint = Blueprint("activities", __name__, description="活动 / Activities")
READ, WRITE = "activities:read", "activities:write"

_ORGANISERS = (Owner("events.organiser_not_known", "talent.get_organisation", "organisation_id", "organisation_id"),)

records.add(
    blueprint,
    "/v1/activities",
    WRITE,
    ("起草活动", "Draft an activity"),
    "events.create_activity",
    S.CreateActivity,
    S.Activity,
    is_always_new=True,
    not_known=_ORGANISERS,
)
records.list_of(
    blueprint,
    "/v1/activities",
    READ,
    ("列出活动", "List activities"),
    "events.list_activities",
    S.ListActivities,
    S.ActivityPage,
)
records.get(
    blueprint,
    "/v1/activities/<uuid:activity_id>",
    READ,
    ("读取活动", "Read an activity"),
    "events.get_activity",
    S.GetActivity,
    S.Activity,
)
records.list_all(
    blueprint,
    "/v1/activities/<uuid:activity_id>/sessions",
    READ,
    ("读取场次与名额", "Read its sessions and how full they are"),
    "events.list_sessions",
    S.Sessions,
)
records.change(
    blueprint,
    "/v1/activities/<uuid:activity_id>",
    WRITE,
    ("修改活动", "Change an activity"),
    "events.change_activity",
    S.ActivityChanges,
    S.Activity,
    read_by="events.get_activity",
    not_known=_ORGANISERS,
)
records.move(
    blueprint,
    "/v1/activities/<uuid:activity_id>/publish",
    WRITE,
    ("发布活动", "Publish an activity"),
    "events.publish_activity",
    S.PublishActivity,
    S.Activity,
)
records.move(
    blueprint,
    "/v1/activities/<uuid:activity_id>/open",
    WRITE,
    ("开放报名", "Open it for registrations"),
    "events.open_activity",
    S.OpenActivity,
    S.Activity,
)
records.move(
    blueprint,
    "/v1/activities/<uuid:activity_id>/close",
    WRITE,
    ("关闭报名", "Close its registrations"),
    "events.close_activity",
    S.CloseActivity,
    S.Activity,
)
records.move(
    blueprint,
    "/v1/activities/<uuid:activity_id>/hold",
    WRITE,
    ("标记为已举办", "Record that it was held"),
    "events.hold_activity",
    S.HoldActivity,
    S.Activity,
)
records.move(
    blueprint,
    "/v1/activities/<uuid:activity_id>/report",
    WRITE,
    ("提交活动总结", "Close its books"),
    "events.report_activity",
    S.ReportActivity,
    S.Activity,
)
records.move(
    blueprint,
    "/v1/activities/<uuid:activity_id>/cancel",
    WRITE,
    ("取消活动", "Cancel it"),
    "events.cancel_activity",
    S.CancelActivity,
    S.Activity,
)
records.move(
    blueprint,
    "/v1/activities/<uuid:activity_id>/sessions/<uuid:session_id>/cancel",
    WRITE,
    ("取消场次", "Cancel one of its sessions"),
    "events.cancel_session",
    S.CancelSession,
    S.Activity,
)
records.move(
    blueprint,
    "/v1/activities/<uuid:activity_id>/sessions/<uuid:session_id>/reopen",
    WRITE,
    ("恢复场次", "Reopen a cancelled session"),
    "events.reopen_session",
    S.ReopenSession,
    S.Activity,
)
