"""Registrations for activities, and their tickets."""

from __future__ import annotations

from flask import Response
from flask_smorest import Blueprint

from contracts.events import registrations as S
from contracts.events.tickets import Ticket
from gateway.calls import backend, reach
from gateway.calls.owners import Owner
from gateway.calls.reach import ListOf
from gateway.http import qr_codes, records
from gateway.http.operations import operation

#: In place of the holder's name where the department of the activity does not reach the person.
UNNAMED = "*"
blueprint = Blueprint("registrations", __name__, description="报名、入场凭证 / Registrations, tickets")
READ, WRITE, ISSUE = "registrations:read", "registrations:write", "tickets:issue"

# No route of a registration has an ETag: its position in the waiting list changes while its version does not.
records.add(
    blueprint,
    "/v1/activities/<uuid:activity_id>/registrations",
    WRITE,
    ("报名", "Register a person"),
    "events.register",
    S.Register,
    S.Registration,
    location="/v1/registrations",
    is_always_new=True,
    has_etag=False,
    not_known=(Owner("events.person_not_known", "talent.get_person", "person_id", "person_id"),),
    reaches="person_id",
)
records.list_of(
    blueprint,
    "/v1/activities/<uuid:activity_id>/registrations",
    READ,
    ("列出活动的报名", "List the registrations of an activity"),
    "events.list_registrations",
    S.ListRegistrations,
    S.RegistrationPage,
    about=ListOf(or_by=("activity_id",)),
    name="list_registrations_of_activity",
)
records.list_of(
    blueprint,
    "/v1/registrations",
    READ,
    ("列出报名", "List registrations"),
    "events.list_registrations",
    S.ListRegistrations,
    S.RegistrationPage,
    about=ListOf(or_by=("activity_id", "session_id")),
)
records.get(
    blueprint,
    "/v1/registrations/<uuid:registration_id>",
    READ,
    ("读取报名", "Read a registration"),
    "events.get_registration",
    S.GetRegistration,
    S.Registration,
    has_etag=False,
)
records.move(
    blueprint,
    "/v1/registrations/<uuid:registration_id>/cancel",
    WRITE,
    ("取消报名", "Cancel a registration"),
    "events.cancel_registration",
    S.CancelRegistration,
    S.Registration,
    has_etag=False,
)
records.move(
    blueprint,
    "/v1/registrations/<uuid:registration_id>/accept",
    WRITE,
    ("接受候补名额", "Accept the seat on offer"),
    "events.accept_offer",
    S.AcceptOffer,
    S.Registration,
    has_etag=False,
    problems=(409, 410),
)
records.move(
    blueprint,
    "/v1/registrations/<uuid:registration_id>/refuse",
    WRITE,
    ("放弃候补名额", "Refuse the seat on offer"),
    "events.refuse_offer",
    S.RefuseOffer,
    S.Registration,
    has_etag=False,
)


@operation(
    blueprint,
    "GET",
    "/v1/registrations/<uuid:registration_id>/ticket",
    scope=ISSUE,
    summary=("获取入场凭证（JSON 或二维码 SVG）", "Get the ticket, as JSON or as a QR code in SVG"),
    answers={200: Ticket},
    problems=(409,),
)
def get_ticket(registration_id: str) -> Response:
    """The token bears the holder's masked name, which talent knows and events does not (ADR 0007).

    events decides who may have it: the person, the department that registered them, and that of the activity.
    """
    registration = backend.query("events.get_registration", {"registration_id": registration_id})
    person = reach.person(registration["person_id"])
    fields = {"registration_id": registration_id, "holder": person["name_masked"] if person else UNNAMED}
    return qr_codes.json_or_svg(backend.query("events.issue_ticket", fields))
