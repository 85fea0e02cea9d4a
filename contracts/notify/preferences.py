"""What people want to receive: requests and answers."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from contracts.language.messages import Text
from contracts.language.schema import SLUG, ByName, Schema, Truth, Whole
from contracts.notify.values import CHANNEL, LANGUAGES

MAX_PROGRAMMES = 100


_TIME = validate.Regexp(
    r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?\Z",
    error=Text("invalid_time", "应为 HH:MM:SS。", "Must be HH:MM:SS."),
)


class TimeOfDay(fields.String):
    """A time of the day, ``HH:MM:SS``; read without seconds too, answered with them."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return f"{value}:00" if isinstance(value, str) and value.count(":") == 1 else value


class ProgrammePreference(Schema):
    """What a person wants of one programme: nothing, or on these channels (null: all)."""

    enabled = Truth(load_default=True)
    channels = fields.List(fields.String(validate=CHANNEL), load_default=None, allow_none=True)


class QuietHours(Schema):
    """From a time of the day until another, in Shanghai; over midnight where `until` is the earlier."""

    from_time = TimeOfDay(data_key="from", required=True, validate=_TIME)
    until_time = TimeOfDay(data_key="until", required=True, validate=_TIME)


class PreferencesBody(Schema):
    """What a person wants: the language of what is sent, programmes, quiet hours (null: none at all)."""

    language = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(LANGUAGES),
        metadata={"description": "Null: as the person's record says."},
    )
    programmes = ByName(
        keys=fields.String(validate=SLUG),
        values=fields.Nested(ProgrammePreference),
        load_default=dict,
        validate=validate.Length(max=MAX_PROGRAMMES),
    )
    quiet_hours = fields.Nested(QuietHours, required=True, allow_none=True)


class PutPreferences(PreferencesBody):
    """Set a person's preferences; `version` is the one they replace, null for the first."""

    person_id = fields.UUID(required=True)
    version = Whole(load_default=None, allow_none=True)


class GetPreferences(Schema):
    person_id = fields.UUID(required=True)


class Preferences(PreferencesBody):
    """A person's preferences; version 0 where they have never set any."""

    person_id = fields.UUID(required=True)
    version = Whole(required=True)
    created = fields.Boolean(metadata={"description": "True when this request set them first."})
