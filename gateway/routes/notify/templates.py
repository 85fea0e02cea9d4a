"""Message templates."""

from __future__ import annotations

from flask_smorest import Blueprint

from contracts.notify import templates as S
from gateway.http import records

blueprint = Blueprint("templates", __name__, description="消息模板 / Message templates")
READ, GOVERN = "templates:read", "templates:govern"

records.put(
    blueprint,
    "/v1/templates/<slug:key>",
    GOVERN,
    ("发布消息模板", "Publish a message template"),
    "notify.put_template",
    S.PutTemplate,
    S.Template,
    read_by="notify.get_template",
)
records.get(
    blueprint,
    "/v1/templates/<slug:key>",
    READ,
    ("读取消息模板", "Read a message template"),
    "notify.get_template",
    S.GetTemplate,
    S.Template,
)
records.list_all(
    blueprint,
    "/v1/templates",
    READ,
    ("列出消息模板", "List the message templates"),
    "notify.list_templates",
    S.Templates,
)
