"""Values that several subjects of talent use."""

from __future__ import annotations

from marshmallow import validate

from contracts.language.messages import Text

_NOT_BLANK = validate.Regexp(r"\s*\S", error=Text("blank", "不能为空白。", "Must not be blank."))
NAME = (_NOT_BLANK, validate.Length(max=200))
NUMBER = validate.Length(min=1, max=60)
