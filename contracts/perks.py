"""What perks is asked and what it answers: schemes, entitlements, passes, redemptions, figures.

Class names are those of the RPC methods (``redeem_pass`` takes ``RedeemPass``) and of the records answered. Events are in
``perks_events``.
"""

from __future__ import annotations

from marshmallow import fields, validate

from contracts.schema import SLUG, Bilingual, Day, Instant, Page, Schema, Truth, Whole, page_of

COVERS = ("first_gate",)
LIMIT_PER = ("place", "scheme")
LIMIT_WINDOWS = ("shanghai_day", "none")
ENTITLEMENT_STATES = ("active", "suspended")
OUTCOMES = ("admitted", "refused")

#: Caps on a clause, because CEL itself has no cost limit (``docs/adr/0008``).
MAX_EXPRESSION = 1_000
MAX_CLAUSES = 20
MAX_RELATIONS = 50

_PASS = validate.Length(min=1, max=2_000)
_NONCE = validate.Length(min=1, max=100)


class Clause(Schema):
    """One condition of a scheme: a CEL expression over a person's facts, why it is asked, and where that is written."""

    id = fields.String(required=True, validate=SLUG)
    expr = fields.String(required=True, validate=validate.Length(min=1, max=MAX_EXPRESSION))
    message = fields.Nested(Bilingual, required=True)
    source = fields.String(required=True, validate=validate.Length(min=1, max=500))


class Relation(Schema):
    """Which places serve the members of which institutions, for a half-open period: two sets, by key."""

    place_set = fields.String(required=True, validate=SLUG)
    institution_set = fields.String(required=True, validate=SLUG)
    from_on = Day(required=True)
    until_on = Day(load_default=None, allow_none=True)


class Limit(Schema):
    """How often a pass admits: `count` times per place or scheme, in each day of Shanghai or ever."""

    count = Whole(required=True, validate=validate.Range(min=1, max=1_000))
    per = fields.String(required=True, validate=validate.OneOf(LIMIT_PER))
    window = fields.String(required=True, validate=validate.OneOf(LIMIT_WINDOWS))
    assumption = Truth(
        load_default=False,
        metadata={"description": "True where no document states this limit and it is our assumption."},
    )


class SchemeBody(Schema):
    """The content of a scheme version."""

    name = fields.Nested(Bilingual, required=True)
    source = fields.String(required=True, validate=validate.Length(min=1, max=500))
    valid_from = Day(required=True)
    valid_until = Day(load_default=None, allow_none=True)
    covers = fields.String(required=True, validate=validate.OneOf(COVERS))
    relation = fields.List(fields.Nested(Relation), required=True, validate=validate.Length(min=1, max=MAX_RELATIONS))
    clauses = fields.List(fields.Nested(Clause), required=True, validate=validate.Length(min=1, max=MAX_CLAUSES))
    limit = fields.Nested(Limit, required=True)


class PutScheme(SchemeBody):
    """Publish a scheme's next version; `version` is the one it replaces, null for a new scheme."""

    key = fields.String(required=True, validate=SLUG)
    version = Whole(load_default=None, allow_none=True)


class GetScheme(Schema):
    """A scheme's current version."""

    key = fields.String(required=True, validate=SLUG)


class Scheme(SchemeBody):
    """A published scheme version."""

    key = fields.String(required=True)
    version = Whole(required=True)
    published_at = Instant(required=True)
    created = fields.Boolean(metadata={"description": "True when this request made the scheme."})


class ListSchemes(Schema):
    """Every scheme's current version."""


class Schemes(Schema):
    """Schemes, by key; there are few, so there are no pages."""

    items = fields.List(fields.Nested(Scheme), required=True)


class Reason(Schema):
    """One clause as it was decided for one person."""

    clause = fields.String(required=True)
    met = fields.Boolean(required=True)
    message = fields.Nested(Bilingual, required=True)
    source = fields.String(required=True)


class Fact(Schema):
    """An affiliation as the clauses saw it: `sets` are those of its organisation, `current` says whether it counted."""

    affiliation_id = fields.UUID(required=True)
    version = Whole(required=True)
    organisation_id = fields.UUID(required=True)
    organisation_kind = fields.String(required=True)
    role = fields.String(required=True)
    state = fields.String(required=True)
    sets = fields.List(fields.String(), required=True)
    from_on = fields.String(required=True)
    until_on = fields.String(required=True, allow_none=True)
    current = fields.Boolean(required=True)


class Entitlement(Schema):
    """What a person is entitled to, granted by itself and suspended when the facts end."""

    id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    scheme_key = fields.String(required=True)
    scheme_version = Whole(required=True)
    state = fields.String(required=True, validate=validate.OneOf(ENTITLEMENT_STATES))
    granted_at = Instant(required=True)
    reasons = fields.List(fields.Nested(Reason), required=True)
    facts = fields.List(
        fields.Nested(Fact),
        required=True,
        allow_none=True,
        metadata={"description": "What the reasons stand on; null where it was decided before facts were kept."},
    )
    version = Whole(required=True)
    created_at = Instant(required=True)


class ListEntitlements(Page):
    """Entitlements, oldest first."""

    person_id = fields.UUID(load_default=None, allow_none=True)
    scheme_key = fields.String(load_default=None, allow_none=True, validate=SLUG)
    state = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(ENTITLEMENT_STATES))


class GetEntitlement(Schema):
    entitlement_id = fields.UUID(required=True)


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


class RedeemPass(Schema):
    """One scan at a gate. The same nonce of the same client is the same scan, however often it is sent."""

    load_pass = fields.String(data_key="pass", attribute="token", required=True, validate=_PASS)
    place_id = fields.UUID(required=True)
    nonce = fields.String(required=True, validate=_NONCE)
    at = Instant(
        load_default=None,
        allow_none=True,
        metadata={"description": "When an offline scanner read the pass; now where it is not given."},
    )


class Redemption(Schema):
    """The answer to a scan, kept as a fact whether it admitted or refused."""

    id = fields.UUID(required=True)
    entitlement_id = fields.UUID(required=True)
    scheme_key = fields.String(required=True)
    place_id = fields.UUID(required=True)
    at = Instant(required=True)
    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    code = fields.String(required=True, allow_none=True)
    reason = fields.Nested(Bilingual, required=True, allow_none=True)
    holder = fields.String(allow_none=True)
    window = fields.String(required=True)
    replayed = fields.Boolean(metadata={"description": "True when this scan was sent before."})
    created_at = Instant(required=True)


class ListRedemptions(Page):
    """Redemptions, oldest first."""

    entitlement_id = fields.UUID(load_default=None, allow_none=True)
    place_id = fields.UUID(load_default=None, allow_none=True)
    outcome = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(OUTCOMES))


class GetRedemption(Schema):
    redemption_id = fields.UUID(required=True)


EntitlementPage = page_of(Entitlement)
RedemptionPage = page_of(Redemption)
