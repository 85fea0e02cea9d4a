"""Templates, messages, deliveries and preferences."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from contracts import notify as schemas
from gateway.calls import backend
from gateway.http import conditional, lists, reading, records
from gateway.http.operations import operation

blueprint = Blueprint(
    "notify", __name__, description="消息模板、消息、投递、偏好 / Templates, messages, deliveries, preferences"
)
READ, WRITE = "notify:read", "notify:write"

TEMPLATE = records.body_schema(schemas.TemplateBody)
PREFERENCES = records.body_schema(schemas.PreferencesBody)
MESSAGES = lists.query_schema(schemas.ListMessages)
DELIVERIES = lists.query_schema(schemas.ListDeliveries)
NOTHING = records.body_schema(schemas.ReadMessage, "message_id")


@operation(
    blueprint,
    "PUT",
    "/v1/templates/<slug:key>",
    scope=WRITE,
    summary=("发布消息模板", "Publish a message template"),
    body=TEMPLATE,
    answers={201: schemas.Template, 200: schemas.Template},
    problems=(409,),
)
def put_template(key: str) -> Response:
    return records.put("notify", "put_template", {"key": key}, TEMPLATE, read_by="get_template")


@operation(
    blueprint,
    "GET",
    "/v1/templates/<slug:key>",
    scope=READ,
    summary=("读取消息模板", "Read a message template"),
    answers={200: schemas.Template, 304: None},
)
def get_template(key: str) -> Response:
    return records.read("notify", "get_template", {"key": key})


@operation(
    blueprint,
    "GET",
    "/v1/templates",
    scope=READ,
    summary=("列出消息模板", "List the message templates"),
    answers={200: schemas.Templates},
)
def list_templates() -> Any:
    return backend.query("notify", "list_templates", {})


@operation(
    blueprint,
    "PUT",
    "/v1/people/<uuid:person_id>/preferences",
    scope=WRITE,
    summary=("设置消息偏好", "Set a person's preferences"),
    body=PREFERENCES,
    answers={201: schemas.Preferences, 200: schemas.Preferences},
    problems=(409,),
)
def put_preferences(person_id: str) -> Response:
    return records.put("notify", "put_preferences", {"person_id": person_id}, PREFERENCES, read_by="get_preferences")


@operation(
    blueprint,
    "GET",
    "/v1/people/<uuid:person_id>/preferences",
    scope=READ,
    summary=("读取消息偏好", "Read a person's preferences"),
    answers={200: schemas.Preferences, 304: None},
)
def get_preferences(person_id: str) -> Response:
    """What was set; for somebody who has set nothing, the defaults, once talent knows them."""
    response = records.read("notify", "get_preferences", {"person_id": person_id})
    if response.headers["ETag"] == conditional.etag(0):
        backend.query("talent", "get_person", {"person_id": person_id})
    return response


@operation(
    blueprint,
    "GET",
    "/v1/messages",
    scope=READ,
    summary=("列出站内消息", "List a person's in-app messages"),
    query=MESSAGES,
    answers={200: lists.page_schema(schemas.MessagePage)},
)
def list_messages() -> Response:
    return lists.page("notify", "list_messages", MESSAGES)


@operation(
    blueprint,
    "POST",
    "/v1/messages/<uuid:message_id>/read",
    scope=WRITE,
    summary=("标记消息已读", "Mark a message as read"),
    answers={200: schemas.Message},
    problems=(409,),
)
def read_message(message_id: str) -> Any:
    reading.body_of(NOTHING)
    return backend.command("notify", "read_message", {"message_id": message_id})


@operation(
    blueprint,
    "GET",
    "/v1/deliveries",
    scope=READ,
    summary=("列出投递记录", "List deliveries"),
    query=DELIVERIES,
    answers={200: lists.page_schema(schemas.DeliveryPage)},
)
def list_deliveries() -> Response:
    return lists.page("notify", "list_deliveries", DELIVERIES)


@operation(
    blueprint,
    "GET",
    "/v1/deliveries/<uuid:delivery_id>",
    scope=READ,
    summary=("读取投递记录", "Read a delivery"),
    answers={200: schemas.Delivery},
)
def get_delivery(delivery_id: str) -> Any:
    return backend.query("notify", "get_delivery", {"delivery_id": delivery_id})


@operation(
    blueprint,
    "POST",
    "/v1/deliveries/<uuid:delivery_id>/resend",
    scope=WRITE,
    summary=("重发失败或结果不明的投递", "Have a delivery sent again that failed or whose outcome is unknown"),
    answers={200: schemas.Delivery},
    problems=(409,),
)
def resend_delivery(delivery_id: str) -> Any:
    reading.body_of(NOTHING)
    return backend.command("notify", "resend_delivery", {"delivery_id": delivery_id})
