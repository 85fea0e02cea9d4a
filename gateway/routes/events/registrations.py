"""Registrations for activities, and their tickets."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import fields

from contracts.events import registrations as S
from contracts.events.tickets import Ticket
from contracts.language.schema import Truth, page_of
from gateway.calls import backend, names, reach
from gateway.calls.owners import Owner
from gateway.calls.reach import ListOf
from gateway.http import lists, qr_codes, records
from gateway.http.operations import operation

#: In place of the holder's name where talent does not know the person.
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


class ListOfActivity(S.ListRegistrations):
    """`names`: with the masked name of each person."""

    names = Truth()


class NamedRegistration(S.Registration):
    """A registration; `name_masked` where names are wanted, null for a person who is not on record."""

    name_masked = fields.String(allow_none=True)


OF_ACTIVITY = lists.query_schema(ListOfActivity, "activity_id")
NamedRegistrationPage = page_of(NamedRegistration)


@operation(
    blueprint,
    "GET",
    "/v1/activities/<uuid:activity_id>/registrations",
    scope=READ,
    summary=("列出活动的报名", "List the registrations of an activity"),
    query=OF_ACTIVITY,
    answers={200: lists.page_schema(NamedRegistrationPage)},
    headers=lists.HEADERS,
)
def list_registrations_of_activity(activity_id: str) -> Response:
    """Of one's own activity. With ``names=true`` one query of talent a page, in its audit."""

    def read(sent: dict[str, Any]) -> Any:
        is_named = sent.pop("names", False)
        answer = reach.query("events.list_registrations", sent, "person_id")
        return answer | {"items": names.beside(answer["items"])} if is_named else answer

    return lists.page_of(
        "list_registrations_of_activity",
        OF_ACTIVITY,
        read,
        about=ListOf(or_by=("activity_id",)),
        activity_id=activity_id,
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
    media=(qr_codes.SVG,),
    headers=qr_codes.HEADERS,
    problems=(409,),
)
def get_ticket(registration_id: str) -> Response:
    """The token bears the holder's masked name, which talent knows and events does not (ADR 0007).

    events decides who may have it: the person, the department that registered them, and that of the activity.
    """
    person_id = backend.query("events.get_registration", {"registration_id": registration_id})["person_id"]
    holder = names.of_people([person_id]).get(person_id, UNNAMED)
    ticket = backend.query("events.issue_ticket", {"registration_id": registration_id, "holder": holder})
    return qr_codes.json_or_svg(ticket)
