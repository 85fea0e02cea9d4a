"""The audit, of every service and of the gateway: who was shown, or changed, whose records, when and why."""

from __future__ import annotations

from marshmallow import fields, validate

from contracts.language.schema import Instant, Page, Schema, page_of

#: The services, each with an audit of its own.
SERVICES = ("talent", "events", "perks", "notify")

_NAME = validate.Length(min=1, max=100)


class ListAudit(Page):
    """Entries, newest first, `from` a moment until before another. For auditors, and for a person about themselves.

    `person_ids` are all ids of one person, as talent says; none is anybody.
    """

    person_ids = fields.List(fields.UUID(), load_default=[])
    client_id = fields.String(load_default=None, allow_none=True, validate=_NAME)
    department = fields.String(load_default=None, allow_none=True, validate=_NAME)
    since = Instant(data_key="from", load_default=None, allow_none=True)
    until = Instant(load_default=None, allow_none=True)


class AuditEntry(Schema):
    """One answer that showed or changed personal data; of the gateway, one event of its clients and tokens."""

    id = fields.UUID(required=True)
    at = Instant(required=True)
    client_id = fields.String(required=True)
    department = fields.String(required=True)
    subject = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The human the client acted for: person:<id> or staff:<id>."},
    )
    operation = fields.String(
        required=True, metadata={"description": "Of a service, the RPC; of the gateway, the event."}
    )
    person_ids = fields.List(fields.UUID(), required=True)
    purpose = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "As the caller stated it; else the operation of the gateway it was a part of."},
    )
    request_id = fields.String(required=True, metadata={"description": "Leads to the lines of the logs."})
    address = fields.String(required=True, allow_none=True, metadata={"description": "Of the gateway's events alone."})
    detail = fields.Dict(required=True, allow_none=True, metadata={"description": "Of the gateway's events alone."})


AuditPage = page_of(AuditEntry)
