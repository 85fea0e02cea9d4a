"""The in-app inbox."""

from __future__ import annotations

from flask_smorest import Blueprint

from contracts.notify import messages as S
from gateway.http import records

blueprint = Blueprint("messages", __name__, description="站内消息 / In-app messages")
READ, WRITE = "messages:read", "messages:write"

records.list_of(
    blueprint,
    "/v1/messages",
    READ,
    ("列出站内消息", "List a person's in-app messages"),
    "notify.list_messages",
    S.ListMessages,
    S.MessagePage,
)
records.move(
    blueprint,
    "/v1/messages/<uuid:message_id>/read",
    WRITE,
    ("标记消息已读", "Mark a message as read"),
    "notify.read_message",
    S.ReadMessage,
    S.Message,
)
