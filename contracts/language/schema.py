"""The base of every schema: strict, bilingual in what it refuses, and exact about instants, days and whole numbers.

Lives here: ``Schema``, the field types marshmallow lacks, pages, and how a failed load becomes a list of violations. Not
here: the schemas themselves (``talent``, ``perks``, ``*_events``). Importing this module gives marshmallow's own fields
and validators messages in Chinese and English with a stable code each.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from marshmallow import RAISE, ValidationError, fields, post_load, pre_load, validate
from marshmallow import Schema as MarshmallowSchema
from marshmallow.exceptions import SCHEMA

from contracts.language.messages import Text, install
from contracts.language.paging import COUNTED, COUNTS, DEFAULT_LIMIT, ORDERS, Paging

install()

#: China has kept this offset, without summer time, since 1991; answers carry it (the city's clock).
SHANGHAI = dt.timezone(dt.timedelta(hours=8), "Asia/Shanghai")

MAX_LIMIT = 200

#: A key people give to schemes, sets, templates, kinds and departments.
SLUG = validate.Regexp(
    r"[a-z0-9][a-z0-9_.-]{0,79}\Z",
    error=Text(
        "invalid_slug", "只能包含小写字母、数字、下划线、点和连字符。", "Lower-case letters, digits, _ . - only."
    ),
)

_BLANK = Text("blank", "不能为空白。", "Must not be blank.")
_UNSTORABLE = Text("unstorable_text", "文本中含有无法保存的字符。", "The text holds characters that cannot be stored.")
#: What cannot be seen, as a class that Python and ECMA 262 read alike: controls, blanks of every width, joiners, marks of
#: direction, and letters and symbols that are drawn empty (Hangul fillers, Braille blank).
_INVISIBLE = (
    r"\x00-\x20\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufeff"
    r"\uffa0\ufff9-\ufffb"
)
_LONG_NUMBER = re.compile(r"\d{6,}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WHOLE = re.compile(r"-?[0-9]{1,18}")


class _NotBlank(validate.Regexp):
    """Something of the text can be seen. An empty one is refused by its length."""

    def __call__(self, value: Any) -> Any:
        return super().__call__(value) if value else value


_NOT_BLANK = _NotBlank(rf"[{_INVISIBLE}]*[^{_INVISIBLE}]", error=_BLANK)


class Schema(MarshmallowSchema):
    """The base of every schema: unknown fields are refused, text PostgreSQL cannot hold, and a text of blanks where some text is
    needed (a `Length` with a `min`).
    """

    class Meta:
        unknown = RAISE

    error_messages = {
        "unknown": Text("unknown_field", "未知字段。", "Unknown field."),
        "type": Text("invalid_type", "应为一个对象。", "Must be an object."),
    }

    @pre_load
    def _refuse_unstorable_text(self, data: Any, **kwargs: Any) -> Any:
        if isinstance(data, Mapping):
            errors = {
                str(key): [_UNSTORABLE] for key, value in data.items() if not (is_storable(key) and is_storable(value))
            }
            if errors:
                raise ValidationError(errors)
        return data

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Of every text that needs a character: one that can be seen."""
        for text in _texts_of(field_obj):
            has_pattern = any(isinstance(one, validate.Regexp) for one in text.validators)
            if not has_pattern and any(isinstance(one, validate.Length) and one.min for one in text.validators):
                text.validators = [*text.validators, _NOT_BLANK]


def _texts_of(field: fields.Field[Any]) -> Iterator[fields.String]:
    """The field, and those of a list or an object in it, that hold text."""
    if isinstance(field, fields.String):
        yield field
    elif isinstance(field, fields.List):
        yield from _texts_of(field.inner)
    elif isinstance(field, fields.Mapping):
        for inner in (field.key_field, field.value_field):
            yield from _texts_of(inner) if inner is not None else ()


def is_storable(value: Any) -> bool:
    """Whether PostgreSQL's text and jsonb can hold a value: no NUL, no half of a surrogate pair."""
    if isinstance(value, str):
        return "\x00" not in value and (value.isascii() or _is_encodable(value))
    if isinstance(value, Mapping):
        return all(is_storable(key) and is_storable(item) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return all(is_storable(item) for item in value)
    return True


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class Instant(fields.AwareDateTime):
    """A moment: ISO 8601 with an offset on the wire (a naive one is refused), aware UTC in Python, ``+08:00`` in answers."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else value.astimezone(SHANGHAI).isoformat()

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dt.datetime:
        moment = super()._deserialize(value, attr, data, **kwargs)
        try:
            return moment.astimezone(dt.UTC)
        except OverflowError as error:
            raise self.make_error("invalid", obj_type=self.OBJ_TYPE) from error


class Day(fields.Date):
    """A calendar day, ``YYYY-MM-DD`` and no other spelling."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dt.date:
        if isinstance(value, str) and not _DAY.fullmatch(value):
            raise self.make_error("invalid", obj_type=self.OBJ_TYPE)
        return super()._deserialize(value, attr, data, **kwargs)


class Whole(fields.Integer):
    """A whole number; also as digits in a string, so that one schema reads bodies and query strings. Never
    rounds; 2.0 is a whole number in JSON."""

    def _validated(self, value: Any) -> int:
        if isinstance(value, str) and not _WHOLE.fullmatch(value):
            raise self.make_error("invalid")
        if isinstance(value, float) and not value.is_integer():
            raise self.make_error("invalid")
        return super()._validated(value)


class Truth(fields.Boolean):
    """true or false; also as a word, so that one schema reads bodies and query strings. Not 1, "yes" or "on"."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool) and value not in ("true", "false"):
            raise self.make_error("invalid")
        return value is True or value == "true"


class ByName(fields.Dict):
    """An object of free names; what is wrong is pointed at by its name (marshmallow adds a level, "key" or "value")."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            return super()._deserialize(value, attr, data, **kwargs)  # type: ignore[no-untyped-call]
        except ValidationError as error:
            if not isinstance(error.messages, dict):
                raise
            plain = {name: wrong.get("key") or wrong["value"] for name, wrong in error.messages.items()}
            raise ValidationError(plain, valid_data=error.valid_data) from None


class Bilingual(Schema):
    """One text in both languages: ``{"zh-CN": …, "en": …}``."""

    zh_cn = fields.String(data_key="zh-CN", attribute="zh-CN", required=True, validate=validate.Length(min=1, max=1000))
    en = fields.String(required=True, validate=validate.Length(min=1, max=1000))


class Position(Schema):
    """The last row of a page: where the next one starts."""

    created_at = Instant(required=True)
    id = fields.UUID(required=True)


class Page(Schema):
    """The fields of every list query: how many rows (1 to 200) and after which."""

    limit = Whole(load_default=DEFAULT_LIMIT, validate=validate.Range(min=1, max=MAX_LIMIT))
    after = fields.Nested(Position, load_default=None, allow_none=True)


class Listing(Page):
    """The fields of every list query that is ordered by when a record was made; a use case takes them together, as `page`."""

    order = fields.String(load_default="asc", validate=validate.OneOf(ORDERS))
    created_from = Instant(load_default=None, allow_none=True)
    created_until = Instant(load_default=None, allow_none=True)
    updated_since = Instant(load_default=None, allow_none=True)
    count = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(COUNTS))

    @post_load
    def _take_together(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        paging = Paging(**{one.name: data.pop(one.name) for one in dataclasses.fields(Paging) if one.name in data})
        return {**data, "page": paging}


class Count(Schema):
    """How many records the filters leave: counted, estimated, or more than are counted."""

    value = Whole(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(COUNTED))


def page_of(item: type[Schema]) -> type[Schema]:
    """The answer schema of a list of `item`: ``{"items": […], "next_after": {…} | null}``; `count` where it is wanted."""
    members: dict[str, fields.Field[Any]] = {
        "items": fields.List(fields.Nested(item), required=True),
        "next_after": fields.Nested(Position, required=True, allow_none=True),
        "count": fields.Nested(Count),
    }
    name = f"{item.__name__.removesuffix('Schema')}Page"
    return type(name, (Schema,), {**members, "__module__": item.__module__, "__doc__": f"A page of {item.__name__}."})


def violations(error: ValidationError) -> list[dict[str, str]]:
    """Every violation of a failed load: ``pointer`` (RFC 6901, as a fragment), ``code``, ``zh``, ``en``. Echoes no values."""
    return [
        {"pointer": "#" + "".join(f"/{segment}" for segment in path), **_wording(message)}
        for path, message in _flatten(error.normalized_messages(), ())
    ]


def _flatten(messages: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _flatten(inner, path if key == SCHEMA else (*path, _segment(key)))
    elif isinstance(messages, (list, tuple)):
        for message in messages:
            yield from _flatten(message, path)
    else:
        yield path, messages


def _segment(key: Any) -> str:
    # a field name may be a client's invention, hold an ID number in error, and end in a log
    short = _LONG_NUMBER.sub("*", str(key))[:80].encode("utf-8", "replace").decode()
    return quote(short.replace("~", "~0").replace("/", "~1"), safe="~*!$&'()+,;=:@")


def _wording(message: Any) -> dict[str, str]:
    if isinstance(message, Text):
        return {"code": message.code, "zh": message.zh, "en": str(message)}
    return {"code": "invalid", "zh": str(message), "en": str(message)}
