"""Values that several subjects of talent use."""

from __future__ import annotations

from marshmallow import validate

NAME = validate.Length(min=1, max=200)
NUMBER = validate.Length(min=1, max=60)
