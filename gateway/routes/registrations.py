"""Registrations for activities, their tickets, and check-ins at the door."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from contracts import events as schemas
from contracts.language.refusals import Refusal
from gateway.calls import backend, owners
from gateway.http import lists, qr_codes, reading, records, scans
from gateway.http.operations import operation, respond

blueprint = Blueprint("registrations", __name__, description="报名、入场凭证、签到 / Registrations, tickets, check-ins")
READ, REGISTER, CHECK_IN = "events:read", "events:register", "events:check_in"

NEW_REGISTRATION = records.body_schema(schemas.Register, "activity_id")
REGISTRATIONS = lists.query_schema(schemas.ListRegistrations, "activity_id")
ALL_REGISTRATIONS = lists.query_schema(schemas.ListRegistrations)
NOTHING = records.body_schema(schemas.AcceptOffer, "registration_id")
PAGE = lists.page_schema(schemas.RegistrationPage)
SCAN = records.body_schema(schemas.CheckIn)


@operation(
    blueprint,
    "POST",
    "/v1/activities/<uuid:activity_id>/registrations",
    scope=REGISTER,
    summary=("报名", "Register a person"),
    body=NEW_REGISTRATION,
    answers={201: schemas.Registration},
    problems=(409,),
)
def register(activity_id: str) -> Response:
    """A seat (``confirmed``), or a place in the waiting list (``waiting``, with its position)."""
    said = reading.body_of(NEW_REGISTRATION)
    try:
        record = backend.command("events", "register", {"activity_id": activity_id, **said})
    except Refusal as refusal:
        if refusal.code == "events.person_not_known":
            owners.raise_if_known("talent", "get_person", {"person_id": said["person_id"]})
        raise
    response = respond((record, 201))
    response.headers["Location"] = f"/v1/registrations/{record['id']}"
    return response


@operation(
    blueprint,
    "GET",
    "/v1/activities/<uuid:activity_id>/registrations",
    scope=READ,
    summary=("列出活动的报名", "List the registrations of an activity"),
    query=REGISTRATIONS,
    answers={200: PAGE},
)
def list_registrations_of_activity(activity_id: str) -> Response:
    return lists.page("events", "list_registrations", REGISTRATIONS, owner="get_activity", activity_id=activity_id)


@operation(
    blueprint,
    "GET",
    "/v1/registrations",
    scope=READ,
    summary=("列出报名", "List registrations"),
    query=ALL_REGISTRATIONS,
    answers={200: PAGE},
)
def list_registrations() -> Response:
    return lists.page("events", "list_registrations", ALL_REGISTRATIONS)


@operation(
    blueprint,
    "GET",
    "/v1/registrations/<uuid:registration_id>",
    scope=READ,
    summary=("读取报名", "Read a registration"),
    answers={200: schemas.Registration},
)
def get_registration(registration_id: str) -> Any:
    """Without an ETag: its place in the waiting list changes while the record does not."""
    return backend.query("events", "get_registration", {"registration_id": registration_id})


@operation(
    blueprint,
    "POST",
    "/v1/registrations/<uuid:registration_id>/cancel",
    scope=REGISTER,
    summary=("取消报名", "Cancel a registration"),
    answers={200: schemas.Registration},
    problems=(409,),
)
def cancel_registration(registration_id: str) -> Response:
    return _moved("cancel_registration", registration_id)


@operation(
    blueprint,
    "POST",
    "/v1/registrations/<uuid:registration_id>/accept",
    scope=REGISTER,
    summary=("接受候补名额", "Accept the seat on offer"),
    answers={200: schemas.Registration},
    problems=(409, 410),
)
def accept_offer(registration_id: str) -> Response:
    return _moved("accept_offer", registration_id)


@operation(
    blueprint,
    "POST",
    "/v1/registrations/<uuid:registration_id>/refuse",
    scope=REGISTER,
    summary=("放弃候补名额", "Refuse the seat on offer"),
    answers={200: schemas.Registration},
    problems=(409,),
)
def refuse_offer(registration_id: str) -> Response:
    return _moved("refuse_offer", registration_id)


def _moved(method: str, registration_id: str) -> Response:
    reading.body_of(NOTHING)
    return respond(backend.command("events", method, {"registration_id": registration_id}))


@operation(
    blueprint,
    "GET",
    "/v1/registrations/<uuid:registration_id>/ticket",
    scope=REGISTER,
    summary=("获取入场凭证（JSON 或二维码 SVG）", "Get the ticket, as JSON or as a QR code in SVG"),
    answers={200: schemas.Ticket},
    problems=(409,),
)
def get_ticket(registration_id: str) -> Response:
    """The token bears the holder's masked name, which talent knows and events does not (ADR 0007)."""
    registration = backend.query("events", "get_registration", {"registration_id": registration_id})
    person = backend.query("talent", "get_person", {"person_id": registration["person_id"]})
    fields = {"registration_id": registration_id, "holder": person["name_masked"]}
    return qr_codes.json_or_svg(backend.query("events", "issue_ticket", fields))


@operation(
    blueprint,
    "POST",
    "/v1/checkins",
    scope=CHECK_IN,
    summary=("签到", "Check a person in"),
    body=SCAN,
    answers={201: schemas.CheckInRecord, 200: schemas.CheckInRecord},
    problems=(409, 410),
)
def check_in() -> Response:
    checked = backend.command("events", "check_in", reading.body_of(SCAN))
    return scans.answer(checked, name="checkin", conflict="events.checked_in_before")
