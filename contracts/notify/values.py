"""Values that several subjects of notify use."""

from __future__ import annotations

from marshmallow import validate

CHANNELS = ("in_app", "email", "log")


LANGUAGES = ("zh-CN", "en")


CLASSES = ("normal", "urgent")


CHANNEL = validate.OneOf(CHANNELS)
