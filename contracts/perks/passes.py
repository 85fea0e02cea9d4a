"""Passes: request and answer."""

from __future__ import annotations

from marshmallow import fields, validate

from contracts.language.schema import Instant, Schema


class IssuePass(Schema):
    """A signed pass; `holder` is the masked name the gate shows."""

    entitlement_id = fields.UUID(required=True)
    holder = fields.String(required=True, validate=validate.Length(min=1, max=100))


class Pass(Schema):
    """A signed pass, to be shown as a QR code."""

    token = fields.String(required=True)
    entitlement_id = fields.UUID(required=True)
    scheme_key = fields.String(required=True)
    holder = fields.String(required=True)
    expires_at = Instant(required=True)
    key_id = fields.String(required=True)
