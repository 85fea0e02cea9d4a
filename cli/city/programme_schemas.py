"""The shape of a programme's file: what it is, who runs it, what it uses, and its figures.

Not here: whether what it names exists (``checking``), and which of it the platform carries (``mechanisms``).
"""

from __future__ import annotations

from marshmallow import fields, validate

from cli.city.mechanisms import unbuilt
from cli.city.schemas import Names, each, slug, slugs, text
from contracts.figures import PROGRAMME_KEY, UNITS, FigureShape
from contracts.language.schema import Day, Schema, Truth, Whole
from contracts.perks.schemes import COVERS, MAX_EXPRESSION, Limit, Relation
from contracts.programmes import ROLES, STATUSES
from contracts.talent.organisations import ORGANISATION_KINDS

FIELD_TYPES = ("text", "day", "month", "number", "money", "choice", "yes_no", "organisation", "person", "county")
STATES = ("proposed", "agreed", "running", "done", "ended")
POST_TYPES = ("job", "internship", "volunteer", "practice")
STEPS = ("acceptance", "correction", "review", "referral", "public_notice", "decision")
RESULTS = ("title", "register_entry", "affiliation", "fact", "entitlement", "stay", "payments")
PARTIES = ("person", *ORGANISATION_KINDS)


class Choice(Schema):
    """One value of a field of type choice."""

    key = slug()
    zh = text()
    en = text()


class Field(Schema):
    """A declared field."""

    key = slug()
    zh = text()
    en = text()
    type = fields.String(required=True, validate=validate.OneOf(FIELD_TYPES))
    required = Truth(load_default=False)
    synonyms = fields.List(text(), load_default=list)
    choices = each(Choice)


class State(Schema):
    """A state of a register's entries, in the city's words."""

    key = fields.String(required=True, validate=validate.OneOf(STATES))
    zh = text()
    en = text()


class Party(Schema):
    """Who takes part in an entry: organisations of these kinds, or a person; at `least` so many, at `most` so many. With
    `may_be_new`, a row of a file that names an unknown organisation registers it, unconfirmed.
    """

    role = slug()
    zh = text()
    en = text()
    of = fields.List(fields.String(validate=validate.OneOf(PARTIES)), required=True, validate=validate.Length(min=1))
    least = Whole(load_default=1, validate=validate.Range(min=0))
    most = Whole(load_default=None, validate=validate.Range(min=1))
    may_be_new = Truth(load_default=False)


class Register(Schema):
    """A register; an entry is known by its `natural_key`: its title, its parties by role, or fields.

    On the platform it belongs to `programme`: where that is left out, the file's key in lower case.
    """

    key = slug()
    zh = text()
    en = text()
    programme = slug(optional=True)
    natural_key = slugs(least=1)
    states = each(State, least=1)
    parties = each(Party)
    declared = each(Field, data_key="fields")
    reporters = slugs(least=1)


class AffiliationRole(Schema):
    """What a person is to an organisation, and the fields a report of it may carry. `programme` as of a register."""

    key = slug()
    zh = text()
    en = text()
    programme = slug(optional=True)
    declared = each(Field, data_key="fields")


class FactKind(Schema):
    """What a department verifies about a person; `holds_months`: how long, where a report gives no end."""

    key = slug()
    zh = text()
    en = text()
    programme = slug(optional=True)
    holds_months = Whole(load_default=None, validate=validate.Range(min=1, max=1200))
    confirmed_by = slugs(least=1)
    declared = each(Field, data_key="fields")


class Result(Schema):
    """What a granted application leads to."""

    kind = fields.String(required=True, validate=validate.OneOf(RESULTS))
    of = slugs()


class Matter(Schema):
    """What one can apply for."""

    key = slug()
    zh = text()
    en = text()
    applicant = fields.String(required=True, validate=validate.OneOf(("person", "organisation", "team")))
    accepted_by = slug()
    steps = fields.List(fields.String(validate=validate.OneOf(STEPS)), required=True, validate=validate.Length(min=1))
    result = fields.Nested(Result, load_default=None)
    eligibility = fields.Nested(Names, load_default=None)
    declared = each(Field, data_key="fields")


class ActivityKind(Schema):
    """A kind of activity; `counts_under` is the name people switch its messages on and off by."""

    key = slug()
    zh = text()
    en = text()
    counts_under = slug()
    confidential = Truth(load_default=False)
    counts_heads = Truth(load_default=False)
    is_series = Truth(load_default=False)
    has_teams = Truth(load_default=False)
    parties = each(Party)
    declared = each(Field, data_key="fields")


class PostKind(Schema):
    """A kind of post one can be placed in."""

    key = slug()
    zh = text()
    en = text()
    type = fields.String(required=True, validate=validate.OneOf(POST_TYPES))
    declared = each(Field, data_key="fields")


class Clause(Schema):
    """One condition of a scheme."""

    id = slug()
    expr = text(MAX_EXPRESSION)
    message = fields.Nested(Names, required=True)
    source = text(500)


class Scheme(Schema):
    """A scheme the platform can publish today."""

    key = slug()
    name = fields.Nested(Names, required=True)
    source = text(500)
    from_on = Day(required=True)
    until_on = Day(load_default=None)
    covers = fields.String(required=True, validate=validate.OneOf(COVERS))
    relation = each(Relation, least=1)
    clauses = each(Clause, least=1)
    limit = fields.Nested(Limit, required=True)


class Named(Schema):
    """What has a name and a rule in words, until its mechanism is built."""

    key = slug()
    zh = text()
    en = text()
    rule = fields.Nested(Names, load_default=None)


class PlannedScheme(Named):
    """A scheme whose rules or places today's schemes cannot hold; its `items` are what it grants."""

    items = each(Named)


class Parameter(Schema):
    """A number of a rule, from its source."""

    key = slug()
    zh = text()
    en = text()
    value = Whole(required=True)
    unit = fields.String(required=True, validate=validate.OneOf(UNITS))


class Figure(FigureShape):
    """The definition of one figure, with its names as packs write them."""

    zh = text()
    en = text()
    note = fields.Nested(Names, load_default=None)


class Place(Names):
    """Where the programme stands in the report, in our words."""

    section = text(40)


class Role(Schema):
    """A department and what it does in the programme."""

    key = slug()
    role = fields.String(required=True, validate=validate.OneOf(ROLES))


class Uses(Schema):
    """What other files define and this programme uses too, by key."""

    registers = slugs()
    activity_kinds = slugs()
    post_kinds = slugs()
    matters = slugs()
    schemes = slugs()
    fact_kinds = slugs()
    affiliation_roles = slugs()
    sets = slugs()
    templates = slugs()


class Programme(Schema):
    """A programme's file."""

    key = fields.String(required=True, validate=PROGRAMME_KEY)
    title = fields.Nested(Names, required=True)
    clause = fields.Nested(Place, required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    waits_for = fields.List(fields.String(validate=validate.OneOf(unbuilt())), required=True)
    departments = each(Role)
    uses = fields.Nested(Uses, load_default=dict)
    registers = each(Register)
    affiliation_roles = each(AffiliationRole)
    fact_kinds = each(FactKind)
    matters = each(Matter)
    title_kinds = each(Named)
    activity_kinds = each(ActivityKind)
    post_kinds = each(PostKind)
    schemes = each(Scheme)
    planned_schemes = each(PlannedScheme)
    stays = each(Named)
    ledgers = each(Named)
    parameters = each(Parameter)
    figures = each(Figure)
