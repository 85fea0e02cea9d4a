"""What a person wants to receive."""

from __future__ import annotations

from flask_smorest import Blueprint

from contracts.notify import preferences as S
from gateway.http import records

blueprint = Blueprint("preferences", __name__, description="消息偏好 / Preferences")
READ, WRITE = "messages:read", "messages:write"

records.put(
    blueprint,
    "/v1/people/<uuid:person_id>/preferences",
    WRITE,
    ("设置消息偏好", "Set a person's preferences"),
    "notify.put_preferences",
    S.PutPreferences,
    S.Preferences,
    read_by="notify.get_preferences",
)
# For a person who has set none: the city's defaults, in version 0.
records.get(
    blueprint,
    "/v1/people/<uuid:person_id>/preferences",
    READ,
    ("读取消息偏好", "Read a person's preferences"),
    "notify.get_preferences",
    S.GetPreferences,
    S.Preferences,
    default_of="talent.get_person",
)
