"""Kinds of activities, activities, and their moves."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from contracts import events as schemas
from contracts.language.refusals import Refusal
from gateway.calls import backend, owners
from gateway.http import lists, reading, records
from gateway.http.operations import operation

blueprint = Blueprint("events", __name__, description="活动 / Activities")
READ, WRITE = "events:read", "events:write"

KIND = records.body_schema(schemas.KindBody)
NEW_ACTIVITY = records.body_schema(schemas.CreateActivity)
ACTIVITY_CHANGES = records.body_schema(schemas.ActivityChanges)
ACTIVITIES = lists.query_schema(schemas.ListActivities)
REPORT = records.body_schema(schemas.ReportActivity, "activity_id")
CANCEL = records.body_schema(schemas.CancelActivity, "activity_id")
NOTHING = records.body_schema(schemas.PublishActivity, "activity_id")


@operation(
    blueprint,
    "PUT",
    "/v1/activity-kinds/<slug:key>",
    scope=WRITE,
    summary=("发布活动类别", "Put a kind of activity"),
    body=KIND,
    answers={201: schemas.ActivityKind, 200: schemas.ActivityKind},
    problems=(409,),
)
def put_activity_kind(key: str) -> Response:
    return records.put("events", "put_activity_kind", {"key": key}, KIND, read_by="get_activity_kind")


@operation(
    blueprint,
    "GET",
    "/v1/activity-kinds/<slug:key>",
    scope=READ,
    summary=("读取活动类别", "Read a kind of activity"),
    answers={200: schemas.ActivityKind, 304: None},
)
def get_activity_kind(key: str) -> Response:
    return records.read("events", "get_activity_kind", {"key": key})


@operation(
    blueprint,
    "GET",
    "/v1/activity-kinds",
    scope=READ,
    summary=("列出活动类别", "List kinds of activities"),
    answers={200: schemas.ActivityKinds},
)
def list_activity_kinds() -> Any:
    return backend.query("events", "list_activity_kinds", {})


@operation(
    blueprint,
    "POST",
    "/v1/activities",
    scope=WRITE,
    summary=("起草活动", "Draft an activity"),
    body=NEW_ACTIVITY,
    answers={201: schemas.Activity},
    problems=(409,),
)
def create_activity() -> Response:
    said = reading.body_of(NEW_ACTIVITY)
    try:
        record = backend.command("events", "create_activity", said)
    except Refusal as refusal:
        _ask_for_organiser(refusal)
        raise
    response = records.answered(record, 201)
    response.headers["Location"] = f"/v1/activities/{record['id']}"
    return response


@operation(
    blueprint,
    "GET",
    "/v1/activities",
    scope=READ,
    summary=("列出活动", "List activities"),
    query=ACTIVITIES,
    answers={200: lists.page_schema(schemas.ActivityPage)},
)
def list_activities() -> Response:
    return lists.page("events", "list_activities", ACTIVITIES)


@operation(
    blueprint,
    "GET",
    "/v1/activities/<uuid:activity_id>",
    scope=READ,
    summary=("读取活动", "Read an activity"),
    answers={200: schemas.Activity, 304: None},
)
def get_activity(activity_id: str) -> Response:
    return records.read("events", "get_activity", {"activity_id": activity_id})


@operation(
    blueprint,
    "GET",
    "/v1/activities/<uuid:activity_id>/sessions",
    scope=READ,
    summary=("读取场次与名额", "Read its sessions and how full they are"),
    answers={200: schemas.Sessions},
)
def list_sessions(activity_id: str) -> Any:
    return backend.query("events", "list_sessions", {"activity_id": activity_id})


@operation(
    blueprint,
    "PATCH",
    "/v1/activities/<uuid:activity_id>",
    scope=WRITE,
    summary=("修改活动", "Change an activity"),
    body=ACTIVITY_CHANGES,
    body_type="application/merge-patch+json",
    answers={200: schemas.Activity},
    problems=(409,),
)
def change_activity(activity_id: str) -> Response:
    key = {"activity_id": activity_id}
    try:
        return records.change("events", "change_activity", key, ACTIVITY_CHANGES, read_by="get_activity")
    except Refusal as refusal:
        _ask_for_organiser(refusal)
        raise


def _ask_for_organiser(refusal: Refusal) -> None:
    if refusal.code == "events.organiser_not_known":
        owners.raise_if_known("talent", "get_organisation", dict(refusal.params))


def _declare(move: str, zh: str, en: str, body: Any = NOTHING) -> None:
    """``POST /v1/activities/{id}/<move>``; the moves differ in their names, bodies and texts alone."""

    def view(activity_id: str) -> Response:
        fields = {"activity_id": activity_id, **reading.body_of(body)}
        return records.answered(backend.command("events", f"{move}_activity", fields))

    view.__name__ = f"{move}_activity"
    operation(
        blueprint,
        "POST",
        f"/v1/activities/<uuid:activity_id>/{move}",
        scope=WRITE,
        summary=(zh, en),
        body=body,
        answers={200: schemas.Activity},
        problems=(409,),
    )(view)


_declare("publish", "发布活动", "Publish an activity")
_declare("open", "开放报名", "Open it for registrations")
_declare("close", "关闭报名", "Close its registrations")
_declare("hold", "标记为已举办", "Say that it was held")
_declare("report", "提交活动总结", "Close its books", REPORT)
_declare("cancel", "取消活动", "Call it off", CANCEL)
