"""People, masked."""

from __future__ import annotations

from flask import Response
from flask_smorest import Blueprint
from marshmallow import fields

from contracts.events.registrations import Registration
from contracts.language.schema import Schema
from contracts.notify.messages import Message
from contracts.notify.preferences import Preferences
from contracts.perks.entitlements import Entitlement
from contracts.talent import people as S
from contracts.talent.affiliations import Affiliation
from contracts.talent.facts import Fact
from gateway.calls import backend, exporting, idempotency
from gateway.http import lists, reading, records
from gateway.http.operations import operation, respond

blueprint = Blueprint("people", __name__, description="人员 / People")
READ, WRITE, DISCLOSE, ALL = "people:read", "people:write", "people:disclose", "people:all"
DISCLOSURE = records.body_schema(S.DisclosePerson, "person_id")


class PersonExport(Schema):
    """All that is kept of a person, by what it is."""

    person = fields.Nested(S.ExportedPerson, required=True)
    affiliations = fields.List(fields.Nested(Affiliation), required=True)
    facts = fields.List(fields.Nested(Fact), required=True)
    entitlements = fields.List(fields.Nested(Entitlement), required=True)
    registrations = fields.List(fields.Nested(Registration), required=True)
    messages = fields.List(fields.Nested(Message), required=True)
    preferences = fields.Nested(Preferences, required=True)


records.add(
    blueprint,
    "/v1/people",
    WRITE,
    ("登记人员", "Register a person"),
    "talent.register_person",
    S.RegisterPerson,
    S.Person,
)
records.list_of(
    blueprint,
    "/v1/people",
    READ,
    ("列出人员（脱敏）", "List people, masked"),
    "talent.list_people",
    S.ListPeople,
    S.PersonPage,
)
SEARCH = lists.query_schema(S.SearchPeople)


@operation(
    blueprint,
    "POST",
    "/v1/people/search",
    scope=READ,
    summary=("按证件号码，或按姓名与电话查找人员（脱敏）", "Search people by document, or by name and phone, masked"),
    body=SEARCH,
    needs_body=True,
    answers={200: lists.page_schema(S.PersonPage)},
)
def search_people() -> Response:
    """What is searched for is in the body, as no address may hold it. It reads, so there is nothing to do once."""
    idempotency.request_key()
    wanted = reading.body_of(SEARCH)
    return respond(lists.read_page("search_people", wanted, lambda sent: backend.query("talent.search_people", sent)))


records.get(
    blueprint,
    "/v1/people/<uuid:person_id>",
    READ,
    ("读取人员（脱敏）", "Read a person, masked"),
    "talent.get_person",
    S.GetPerson,
    S.Person,
)
records.change(
    blueprint,
    "/v1/people/<uuid:person_id>",
    WRITE,
    ("更正人员信息", "Correct a person's record"),
    "talent.change_person",
    S.PersonChanges,
    S.Person,
    read_by="talent.get_person",
)


@operation(
    blueprint,
    "POST",
    "/v1/people/<uuid:person_id>/disclosures",
    scope=DISCLOSE,
    summary=("读取完整信息（注明用途）", "Read a person in full, for a stated purpose"),
    body=DISCLOSURE,
    answers={200: S.PersonInFull},
    headers={200: ("Cache-Control",)},
)
def disclose_person(person_id: str) -> Response:
    """One person a call, on record before it is answered: the person sees who it was, and what for. Nothing may store it."""
    idempotency.request_key()  # as for every POST, a malformed one is refused; there is nothing to do once
    found = backend.query("talent.disclose_person", {**reading.body_of(DISCLOSURE), "person_id": person_id})
    response = respond(found)
    response.headers["Cache-Control"] = "no-store"
    return response


records.move(
    blueprint,
    "/v1/people/<uuid:person_id>/erase",
    ALL,
    ("删除人员的个人信息", "Erase a person"),
    "talent.erase_person",
    S.ErasePerson,
    S.ErasedPerson,
)


@operation(
    blueprint,
    "GET",
    "/v1/people/<uuid:person_id>/export",
    scope=READ,
    summary=("导出本人的全部数据", "Export all that is kept of oneself"),
    answers={200: PersonExport},
    headers={200: ("Cache-Control",)},
)
def export_person(person_id: str) -> Response:
    """For the person alone, with a token for that person (RFC 8693). Who looked is at ``/v1/people/{id}/disclosures``."""
    person = backend.query("talent.export_person", {"person_id": person_id})
    kept = exporting.kept_of(person["id"])
    response = respond({"person": person, **kept})
    response.headers["Cache-Control"] = "no-store"
    return response


records.list_of(
    blueprint,
    "/v1/duplicate-people",
    ALL,
    ("列出疑似重复人员", "List documents reported under two names"),
    "talent.list_duplicate_people",
    S.ListDuplicatePeople,
    S.DuplicatePersonPage,
)
records.move(
    blueprint,
    "/v1/duplicate-people/<uuid:provisional_id>/merge",
    ALL,
    ("判定为同一人员", "Decide that they are one person"),
    "talent.merge_duplicate_person",
    S.MergeDuplicatePerson,
    S.DuplicatePerson,
)
# of a merged pair: the merge is undone
records.move(
    blueprint,
    "/v1/duplicate-people/<uuid:provisional_id>/dismiss",
    ALL,
    ("判定为不同人员", "Decide that they are two people"),
    "talent.dismiss_duplicate_person",
    S.DismissDuplicatePerson,
    S.DuplicatePerson,
)
