"""Organisations, sets of them, people and affiliations."""

from __future__ import annotations

from flask import Response
from flask_smorest import Blueprint

from contracts import talent as schemas
from gateway.calls import backend
from gateway.http import lists, reading, records
from gateway.http.operations import operation

blueprint = Blueprint("talent", __name__, description="单位、人员、身份关系 / Organisations, people, affiliations")
READ, WRITE = "talent:read", "talent:write"

NEW_ORGANISATION = records.body_schema(schemas.RegisterOrganisation)
ORGANISATION_CHANGES = records.body_schema(schemas.OrganisationChanges)
ORGANISATIONS = lists.query_schema(schemas.ListOrganisations)
SET = records.body_schema(schemas.PutOrganisationSet, "key", "version")
ON = records.body_schema(schemas.GetOrganisationSet, "key")
NEW_PERSON = records.body_schema(schemas.RegisterPerson)
PERSON_CHANGES = records.body_schema(schemas.PersonChanges)
PEOPLE = lists.query_schema(schemas.ListPeople)
NEW_AFFILIATION = records.body_schema(schemas.ReportAffiliation)
END = records.body_schema(schemas.EndAffiliation, "affiliation_id")
NOTHING = records.body_schema(schemas.ConfirmAffiliation, "affiliation_id")
AFFILIATIONS = lists.query_schema(schemas.ListAffiliations)


@operation(
    blueprint,
    "POST",
    "/v1/organisations",
    scope=WRITE,
    summary=("登记单位", "Register an organisation"),
    body=NEW_ORGANISATION,
    answers={201: schemas.Organisation, 200: schemas.Organisation},
    problems=(409,),
)
def register_organisation() -> Response:
    record = backend.command("talent", "register_organisation", reading.body_of(NEW_ORGANISATION))
    return records.added(record, "/v1/organisations")


@operation(
    blueprint,
    "GET",
    "/v1/organisations",
    scope=READ,
    summary=("列出单位", "List organisations"),
    query=ORGANISATIONS,
    answers={200: lists.page_schema(schemas.OrganisationPage)},
)
def list_organisations() -> Response:
    return lists.page("talent", "list_organisations", ORGANISATIONS)


@operation(
    blueprint,
    "GET",
    "/v1/organisations/<uuid:organisation_id>",
    scope=READ,
    summary=("读取单位", "Read an organisation"),
    answers={200: schemas.Organisation, 304: None},
)
def get_organisation(organisation_id: str) -> Response:
    return records.read("talent", "get_organisation", {"organisation_id": organisation_id})


@operation(
    blueprint,
    "PATCH",
    "/v1/organisations/<uuid:organisation_id>",
    scope=WRITE,
    summary=("修改单位", "Change an organisation"),
    body=ORGANISATION_CHANGES,
    body_type="application/merge-patch+json",
    answers={200: schemas.Organisation},
    problems=(409,),
)
def change_organisation(organisation_id: str) -> Response:
    key = {"organisation_id": organisation_id}
    return records.change("talent", "change_organisation", key, ORGANISATION_CHANGES, read_by="get_organisation")


@operation(
    blueprint,
    "PUT",
    "/v1/organisation-sets/<slug:key>",
    scope=WRITE,
    summary=("发布单位集合", "Publish a set of organisations"),
    body=SET,
    answers={201: schemas.OrganisationSet, 200: schemas.OrganisationSet},
    problems=(409,),
)
def put_organisation_set(key: str) -> Response:
    return records.put("talent", "put_organisation_set", {"key": key}, SET, read_by="get_organisation_set")


@operation(
    blueprint,
    "GET",
    "/v1/organisation-sets/<slug:key>",
    scope=READ,
    summary=("读取单位集合", "Read a set of organisations"),
    query=ON,
    answers={200: schemas.OrganisationSet, 304: None},
)
def get_organisation_set(key: str) -> Response:
    return records.read("talent", "get_organisation_set", {"key": key, **reading.query_of(ON)})


@operation(
    blueprint,
    "POST",
    "/v1/people",
    scope=WRITE,
    summary=("登记人员", "Register a person"),
    body=NEW_PERSON,
    answers={201: schemas.Person, 200: schemas.Person},
    problems=(409,),
)
def register_person() -> Response:
    return records.added(backend.command("talent", "register_person", reading.body_of(NEW_PERSON)), "/v1/people")


@operation(
    blueprint,
    "GET",
    "/v1/people",
    scope=READ,
    summary=("列出人员（脱敏）", "List people, masked"),
    query=PEOPLE,
    answers={200: lists.page_schema(schemas.PersonPage)},
)
def list_people() -> Response:
    return lists.page("talent", "list_people", PEOPLE)


@operation(
    blueprint,
    "GET",
    "/v1/people/<uuid:person_id>",
    scope=READ,
    summary=("读取人员（脱敏）", "Read a person, masked"),
    answers={200: schemas.Person, 304: None},
)
def get_person(person_id: str) -> Response:
    return records.read("talent", "get_person", {"person_id": person_id})


@operation(
    blueprint,
    "PATCH",
    "/v1/people/<uuid:person_id>",
    scope=WRITE,
    summary=("更正人员信息", "Correct a person's record"),
    body=PERSON_CHANGES,
    body_type="application/merge-patch+json",
    answers={200: schemas.Person},
    problems=(409,),
)
def change_person(person_id: str) -> Response:
    return records.change("talent", "change_person", {"person_id": person_id}, PERSON_CHANGES, read_by="get_person")


@operation(
    blueprint,
    "POST",
    "/v1/affiliations",
    scope=WRITE,
    summary=("报送身份关系", "Report an affiliation"),
    body=NEW_AFFILIATION,
    answers={201: schemas.Affiliation, 200: schemas.Affiliation},
    problems=(409,),
)
def report_affiliation() -> Response:
    record = backend.command("talent", "report_affiliation", reading.body_of(NEW_AFFILIATION))
    return records.added(record, "/v1/affiliations")


@operation(
    blueprint,
    "GET",
    "/v1/affiliations",
    scope=READ,
    summary=("列出身份关系", "List affiliations"),
    query=AFFILIATIONS,
    answers={200: lists.page_schema(schemas.AffiliationPage)},
)
def list_affiliations() -> Response:
    return lists.page("talent", "list_affiliations", AFFILIATIONS)


@operation(
    blueprint,
    "GET",
    "/v1/affiliations/<uuid:affiliation_id>",
    scope=READ,
    summary=("读取身份关系", "Read an affiliation"),
    answers={200: schemas.Affiliation, 304: None},
)
def get_affiliation(affiliation_id: str) -> Response:
    return records.read("talent", "get_affiliation", {"affiliation_id": affiliation_id})


@operation(
    blueprint,
    "POST",
    "/v1/affiliations/<uuid:affiliation_id>/confirm",
    scope=WRITE,
    summary=("确认身份关系", "Confirm an affiliation"),
    answers={200: schemas.Affiliation},
    problems=(409,),
)
def confirm_affiliation(affiliation_id: str) -> Response:
    reading.body_of(NOTHING)
    return records.answered(backend.command("talent", "confirm_affiliation", {"affiliation_id": affiliation_id}))


@operation(
    blueprint,
    "POST",
    "/v1/affiliations/<uuid:affiliation_id>/end",
    scope=WRITE,
    summary=("终止身份关系", "End an affiliation"),
    body=END,
    answers={200: schemas.Affiliation},
    problems=(409,),
)
def end_affiliation(affiliation_id: str) -> Response:
    body = reading.body_of(END)
    return records.answered(backend.command("talent", "end_affiliation", {**body, "affiliation_id": affiliation_id}))
