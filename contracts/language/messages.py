"""What a schema says when it refuses, in Chinese and English, with a stable code.

Lives here: ``Text`` and the wording of marshmallow's own fields and validators. Not here: refusals of the law
(``refusals`` and the module that raises each).
"""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate


class Text(str):
    """A message in two languages. As a ``str`` it is the English one, so it fits wherever marshmallow takes a message.

    ``fields.String(validate=validate.Length(max=5, error=Text("too_long", "最多 {max} 个字。", "At most {max} characters.")))``
    """

    code: str
    zh: str

    def __new__(cls, code: str, zh: str, en: str) -> Text:
        text = super().__new__(cls, en)
        text.code, text.zh = code, zh
        return text

    def __getnewargs__(self) -> tuple[str, str, str]:  # type: ignore[override]
        return self.code, self.zh, str(self)

    def format(self, *args: Any, **params: Any) -> Text:
        """The message with its placeholders filled, in both languages."""
        return Text(self.code, self.zh.format(*args, **params), str.format(self, *args, **params))


_INVALID_NUMBER = Text("invalid_number", "应为数字。", "Must be a number.")
_INVALID_INSTANT = Text(
    "invalid_instant",
    "应为带时区偏移的 ISO 8601 时间。",
    "Must be an ISO 8601 date and time with an offset.",
)

#: Field class → key → message. No message repeats the value: it may be an ID number.
FIELD_MESSAGES: dict[type[fields.Field[Any]], dict[str, Text]] = {
    fields.Field: {
        "required": Text("required", "必填。", "Required."),
        "null": Text("null", "不能为空值。", "Must not be null."),
        "validator_failed": Text("invalid", "取值无效。", "Invalid value."),
    },
    fields.Nested: {"type": Text("invalid_type", "应为一个对象。", "Must be an object.")},
    fields.List: {"invalid": Text("invalid_type", "应为列表。", "Must be a list.")},
    fields.Tuple: {"invalid": Text("invalid_type", "应为列表。", "Must be a list.")},
    fields.String: {
        "invalid": Text("invalid_type", "应为文本。", "Must be text."),
        "invalid_utf8": Text("invalid_type", "应为 UTF-8 文本。", "Must be UTF-8 text."),
    },
    fields.UUID: {"invalid_uuid": Text("invalid_id", "应为 UUID。", "Must be a UUID.")},
    fields.Number: {
        "invalid": _INVALID_NUMBER,
        "too_large": Text("too_large", "数字过大。", "The number is too large."),
    },
    fields.Integer: {"invalid": Text("invalid_integer", "应为整数。", "Must be a whole number.")},
    fields.Float: {"special": _INVALID_NUMBER},
    fields.Decimal: {"special": _INVALID_NUMBER},
    fields.Boolean: {"invalid": Text("invalid_boolean", "应为 true 或 false。", "Must be true or false.")},
    fields.DateTime: {
        "invalid": _INVALID_INSTANT,
        "invalid_awareness": _INVALID_INSTANT,
        "format": _INVALID_INSTANT,
    },
    fields.Time: {
        "invalid": Text("invalid_time", "应为 ISO 8601 时刻。", "Must be an ISO 8601 time."),
        "format": Text("invalid_time", "应为 ISO 8601 时刻。", "Must be an ISO 8601 time."),
    },
    fields.Date: {
        "invalid": Text("invalid_date", "应为 YYYY-MM-DD 日期。", "Must be a date, YYYY-MM-DD."),
        "format": Text("invalid_date", "应为 YYYY-MM-DD 日期。", "Must be a date, YYYY-MM-DD."),
    },
    fields.Mapping: {"invalid": Text("invalid_type", "应为一个对象。", "Must be an object.")},
    fields.Url: {"invalid": Text("invalid_url", "应为网址。", "Must be a URL.")},
    fields.Email: {"invalid": Text("invalid_email", "应为电子邮箱地址。", "Must be an e-mail address.")},
    fields.Enum: {
        "unknown": Text("not_one_of", "应为下列之一：{choices}。", "Must be one of: {choices}."),
    },
}


def install() -> None:
    """Give marshmallow's fields and validators these messages. Safe to repeat."""
    for field, messages in FIELD_MESSAGES.items():
        field.default_error_messages = {**vars(field).get("default_error_messages", {}), **messages}
    too_small = Text("too_small", "应{min_op} {{min}}。", "Must be {min_op} {{min}}.")
    too_large = Text("too_large", "应{max_op} {{max}}。", "Must be {max_op} {{max}}.")
    both = ("应{min_op} {{min}} 且 {max_op} {{max}}。", "Must be {min_op} {{min}} and {max_op} {{max}}.")
    signs = {"message_gte": "≥", "message_gt": ">", "message_lte": "≤", "message_lt": "<"}
    ranges = {"message_min": too_small, "message_max": too_large, "message_all": Text("out_of_range", *both)}
    lengths = {
        "message_min": Text("too_short", "长度不得少于 {min}。", "Must not be shorter than {min}."),
        "message_max": Text("too_long", "长度不得超过 {max}。", "Must not be longer than {max}."),
        "message_all": Text(
            "wrong_length", "长度应在 {min} 到 {max} 之间。", "The length must be between {min} and {max}."
        ),
        "message_equal": Text("wrong_length", "长度应为 {equal}。", "The length must be {equal}."),
    }
    for name, message in {**signs, **ranges}.items():
        setattr(validate.Range, name, message)
    for name, message in lengths.items():
        setattr(validate.Length, name, message)
    wrong_format = Text("wrong_format", "格式不正确。", "The format is wrong.")
    not_one_of = Text("not_one_of", "应为下列之一：{choices}。", "Must be one of: {choices}.")
    validate.Regexp.default_message = wrong_format
    validate.Predicate.default_message = Text("invalid", "取值无效。", "Invalid value.")
    validate.OneOf.default_message = validate.ContainsOnly.default_message = not_one_of
    validate.NoneOf.default_message = validate.ContainsNoneOf.default_message = Text(
        "not_allowed", "不允许该取值。", "This value is not allowed."
    )
    validate.Equal.default_message = Text("not_equal", "应为 {other}。", "Must be {other}.")
    validate.URL.default_message = FIELD_MESSAGES[fields.Url]["invalid"]
    validate.Email.default_message = FIELD_MESSAGES[fields.Email]["invalid"]
