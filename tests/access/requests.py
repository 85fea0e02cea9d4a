"""What is sent for a cell of the matrix: a request to a record that is there, its body, and the id the answer may tell of.

Refusals are asked of the records that stand; who is let in and would use a record up gets one of their own (`_FRESH`).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

from examples.client import Client
from tests.access.matrix import ROUTES
from tests.access.town import HEADER, Town
from tests.support.api import Answer, Api

_FIELD = re.compile(r"<\w+:(\w+)>")
#: The query of a list: of this person, this activity, this organisation.
_QUERIES = {
    "list_people": "limit=200",
    "list_organisations": "q={organisation_name}",
    "list_activities": "organiser_id={organisation_id}",
    "list_affiliations": "person_id={person_id}",
    "list_register_entries": "organisation_id={organisation_id}",
    "list_facts": "person_id={person_id}",
    "list_entitlements": "person_id={person_id}",
    "list_redemptions": "person_id={person_id}",
    "list_registrations": "person_id={person_id}",
    "list_messages": "person_id={person_id}",
    "list_deliveries": "person_id={person_id}",
    "list_audit": "person_id={person_id}",
    "list_duplicate_people": "limit=200",
}
#: The record a list shows, by its field.
_LISTED = {
    "list_people": "person_id",
    "search_people": "person_id",
    "list_organisations": "organisation_id",
    "list_activities": "activity_id",
    "list_sessions": "session_id",
    "list_affiliations": "affiliation_id",
    "list_register_entries": "entry_id",
    "list_facts": "fact_id",
    "list_entitlements": "entitlement_id",
    "list_redemptions": "redemption_id",
    "list_registrations": "registration_id",
    "list_registrations_of_activity": "registration_id",
    "list_messages": "message_id",
    "list_deliveries": "delivery_id",
    "list_audit": "person_id",
    "list_duplicate_people": "provisional_id",
    "list_imports": "import_id",
}
#: Keys in paths, by operation.
_KEYS = {
    "organisation_set": "universities",
    "scheme": "scheme",
    "activity_kind": "kind",
    "register_kind": "register",
    "register_csv": "register",
    "register_workbook": "register",
    "affiliation_role": "role",
    "fact_kind": "fact",
    "template": "template",
    "programme": "programme",
    "report_outline": "outline",
    "figure_records": "figure",
}
#: The one asked about where it is the body that names them.
_ABOUT = {"register": "person_id", "report_affiliation": "person_id", "report_fact": "person_id"}

_BODIES: dict[str, Callable[[Town], Any]] = {
    "register_organisation": lambda town: town.organisation("enterprise"),
    "change_organisation": lambda town: {"attributes": {"seen": uuid.uuid4().hex}},
    "put_organisation_set": lambda town: town.set_of("organisation_id"),
    "register_person": lambda town: town.person(),
    "search_people": lambda town: {name: town.student[name] for name in ("id_type", "id_number")},
    "change_person": lambda town: {"name": "归属人"},
    "disclose_person": lambda town: {"purpose": "a letter by post"},
    "erase_person": lambda town: {"reason": "at the wish of the person"},
    "report_affiliation": lambda town: town.past_claim(),
    "start_import": lambda town: _form(HEADER),
    "put_scheme": lambda town: town.scheme(),
    "redeem_pass": lambda town: {"pass": town.pass_, "place_id": town.ids["place_id"], "nonce": uuid.uuid4().hex},
    "put_activity_kind": lambda town: town.kind(),
    "put_register_kind": lambda town: town.register(),
    "put_affiliation_role": lambda town: town.role(),
    "report_register_entry": lambda town: town.entry(),
    "put_fact_kind": lambda town: town.fact_kind(),
    "report_fact": lambda town: town.fact(),
    "mark_same_entry": lambda town: {"same_as": town.ids["other_entry_id"]},
    "create_activity": lambda town: town.draft(),
    "change_activity": lambda town: {"title": {"zh-CN": "讲座", "en": "Lecture"}},
    "report_activity": lambda town: {"attendance_stated": 1},
    "cancel_activity": lambda town: {"reason": "天气"},
    "cancel_session": lambda town: {"reason": "天气"},
    "revoke_checkin": lambda town: {"reason": "误扫"},
    "register": lambda town: {"person_id": town.ids["person_id"]},
    "put_template": lambda town: town.template(),
    "put_programme": lambda town: town.programme(),
    "put_report_outline": lambda town: town.outline(),
    "put_preferences": lambda town: {"quiet_hours": None},
}
#: What would be used up → a record of one's own.
_FRESH: dict[str, Callable[[Town], dict[str, str]]] = {
    "publish_activity": lambda town: {"activity_id": town.activity()},
    "open_activity": lambda town: {"activity_id": town.activity("publish")},
    "close_activity": lambda town: {"activity_id": town.activity("publish", "open")},
    "hold_activity": lambda town: {"activity_id": town.activity("publish", "open", "close")},
    "report_activity": lambda town: {"activity_id": town.activity("publish", "open", "close", "hold")},
    "cancel_activity": lambda town: {"activity_id": town.activity("publish")},
    "cancel_session": lambda town: town.session("publish"),
    "reopen_session": lambda town: town.cancelled_session(),
    "revoke_checkin": lambda town: {"checkin_id": town.checkin()},
    "register": lambda town: {"activity_id": town.activity("publish", "open")},
    "cancel_registration": lambda town: {"registration_id": _seat(town)},
    "accept_offer": lambda town: {"registration_id": town.offered()},
    "refuse_offer": lambda town: {"registration_id": town.offered()},
    "check_in": lambda town: {"registration_id": town.registration(town.ids["activity_id"], town.somebody())},
    "erase_person": lambda town: {"person_id": town.somebody()},
    "end_affiliation": lambda town: {"affiliation_id": town.affiliation("staff")},
    "mark_same_entry": lambda town: {"entry_id": town.reported_entry()},
    "end_fact": lambda town: {"fact_id": town.reported_fact()},
}


class Sent(NamedTuple):
    """A request; `about` is the id it asks for, `shows` what a list of it shows."""

    method: str
    path: str
    body: Any
    about: str | None
    shows: str | None

    def to(self, api: Api, client: Client) -> Answer:
        """The answer the client gets."""
        headers = {"If_Match": "*"} if self.method in ("PUT", "PATCH") else {}
        if isinstance(self.body, bytes):
            headers["Content_Type"] = "multipart/form-data; boundary=b"
        return api.send(self.method, self.path, self.body, token=client._bearer(), **headers)

    def of(self, about: str) -> Sent:
        """The same of another id."""
        assert self.about is not None
        body = self.body
        if isinstance(body, dict):
            body = {name: about if value == self.about else value for name, value in body.items()}
        return self._replace(path=self.path.replace(self.about, about), body=body, about=about)


def request(town: Town, name: str, *, is_let_in: bool) -> Sent:
    """The request of a cell."""
    route, ids = ROUTES[name], {**town.ids}
    if name == "register":
        ids["activity_id"] = ids["open_activity_id"]
    if is_let_in and name in _FRESH:
        ids |= _FRESH[name](town)
    ids |= {"key": _key(town, name), "kind": "roster", "organisation_name": town.mark}
    fields = _FIELD.findall(route.path)
    path = _FIELD.sub(lambda found: ids[found[1]], route.path)
    query = _QUERIES.get(name, "")
    path += f"?{query.format(**ids)}" if query else ""
    body = None if route.method == "GET" else _BODIES[name](town) if name in _BODIES else {}
    if name == "check_in":
        body = {"ticket": town.ticket(ids["registration_id"]), "nonce": uuid.uuid4().hex}
    asked = [*fields, *re.findall(r"\{(\w+_id)\}", query)]
    about = _ABOUT.get(name, asked[-1] if asked and asked[-1].endswith("_id") else "")
    shows = _LISTED.get(name, "")
    return Sent(route.method, path, body, ids.get(about), ids.get(shows))


def _key(town: Town, name: str) -> str:
    return next((town.keys[key] for part, key in _KEYS.items() if name.endswith(part)), "")


def _seat(town: Town) -> str:
    return town.registration(town.activity("publish", "open"))


def _form(file: str) -> bytes:
    parts = (('name="kind"', "roster"), ('name="mode"', "dry_run"), ('name="file"; filename="a.csv"', file))
    text = "".join(f"--b\r\nContent-Disposition: form-data; {named}\r\n\r\n{value}\r\n" for named, value in parts)
    return f"{text}--b--\r\n".encode()
