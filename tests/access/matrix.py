"""The matrix of access: what every guarded operation answers to whom. The page ``docs/access.md`` is written from it.

Lives here: the one table, grouped by rule, and how a cell follows from it. A route without a line fails. Not here: who asks
(``columns``), the records asked for (``town``), and what is sent (``requests``); ``test_matrix`` asks for every cell over HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import gateway.app  # noqa: F401  fills the table of operations
from gateway.http.operations import OPERATIONS
from tests.access.columns import (
    ANOTHER,
    AUDITOR,
    DEVICE,
    FOREIGN,
    OFFICE,
    OPERATOR,
    OWN,
    PERSON,
    TRUSTED,
    Column,
)

ROUTES = {operation.name: operation for operation in OPERATIONS if operation.scope}
#: Such a client may not hold the scope.
IMPOSSIBLE = "—"
SCOPE_MISSING = "403 scope_missing"
#: A list is answered, and what is asked for is not in it.
THEIRS = "200 theirs"


class Line(NamedTuple):
    """What an operation answers: to those its rule lets in, to all others, and to those who differ."""

    let_in: str
    others: str = ""
    besides: Mapping[Column, str] = {}


class Group(NamedTuple):
    """Operations of one rule: who is let in, and why."""

    rule: str
    let_in: frozenset[Column]
    lines: Mapping[str, Line]


def _to(*columns: Column) -> frozenset[Column]:
    return frozenset(columns)


_NO_PERSON = Line("200", "404 talent.person_not_found")
_NO_INBOX = Line("200", "404 notify.person_not_found")
_NO_IMPORT = Line("200", "404 talent.import_not_found")
_NO_REGISTRATION = Line("200", "404 events.registration_not_found")
_NO_ENTITLEMENT = Line("200", "404 perks.entitlement_not_found")
_NO_ENTRY = Line("200", "404 talent.register_entry_not_found")
_ENTRY_OF_OTHERS = Line("200", "404 talent.register_entry_not_found", {OFFICE: "403 talent.not_a_reporter"})
_NOT_YOURS = Line("200", "403 events.not_your_activity")
_NOT_TRUSTED = Line("200", "403 talent.department_not_trusted", {FOREIGN: "404 talent.affiliation_not_found"})

GROUPS = (
    Group(
        "kept once for everybody: the scope is the permission",
        _to(OWN, TRUSTED, FOREIGN, OFFICE, PERSON, ANOTHER),
        {
            "list_organisations": Line("200"),
            "get_organisation": Line("200"),
            "list_organisation_sets": Line("200"),
            "get_organisation_set": Line("200"),
            "list_schemes": Line("200"),
            "get_scheme": Line("200"),
            "list_register_kinds": Line("200"),
            "get_register_kind": Line("200"),
            "export_register_csv": Line("200"),
            "export_register_workbook": Line("200"),
            "list_affiliation_roles": Line("200"),
            "get_affiliation_role": Line("200"),
            "list_fact_kinds": Line("200"),
            "get_fact_kind": Line("200"),
            "list_activity_kinds": Line("200"),
            "get_activity_kind": Line("200"),
            "list_activities": Line("200"),
            "get_activity": Line("200"),
            "list_sessions": Line("200"),
            "list_templates": Line("200"),
            "get_template": Line("200"),
            "list_import_kinds": Line("200"),
            "read_import_template": Line("200"),
            "list_figure_records": Line("200"),
            "list_programmes": Line("200"),
            "get_programme": Line("200"),
            "get_report_outline": Line("200"),
            "get_progress_report": Line("200"),
            "list_figures": Line("200"),
        },
    ),
    Group(
        "every department makes its own",
        _to(OWN, TRUSTED, FOREIGN, OFFICE),
        {
            "register_organisation": Line("201"),
            "register_person": Line("201"),
            "start_import": Line("202"),
            "create_activity": Line("201"),
        },
    ),
    Group(
        "governed by named offices",
        _to(OFFICE),
        {
            "confirm_organisation": Line("200"),
            "put_organisation_set": Line("200"),
            "list_duplicate_people": Line("200"),
            "merge_duplicate_person": Line("200"),
            "dismiss_duplicate_person": Line("200"),
            "erase_person": Line("200"),
            "put_scheme": Line("200"),
            "put_activity_kind": Line("200"),
            "put_programme": Line("200"),
            "put_report_outline": Line("200"),
            "put_register_kind": Line("200"),
            "put_affiliation_role": Line("200"),
            "put_fact_kind": Line("200"),
            "put_template": Line("200"),
        },
    ),
    Group(
        "of a person in reach",
        _to(OWN, TRUSTED, OFFICE, PERSON),
        {
            "list_people": Line("200", THEIRS),
            "search_people": Line("200", THEIRS),
            "get_person": _NO_PERSON,
            "change_person": _NO_PERSON,
            "disclose_person": _NO_PERSON,
            "report_affiliation": Line("201", "404 talent.person_not_found"),
            "list_affiliations": Line("200", THEIRS),
            "get_affiliation": Line("200", "404 talent.affiliation_not_found"),
            "list_facts": Line("200", THEIRS),
            "get_fact": Line("200", "404 talent.fact_not_found"),
            "list_entitlements": _NO_PERSON,
            "get_entitlement": _NO_ENTITLEMENT,
            "get_pass": _NO_ENTITLEMENT,
            "list_redemptions": _NO_PERSON,
            "list_registrations": _NO_PERSON,
            "register": Line("201", "404 events.person_not_known"),
        },
    ),
    Group(
        "decided by the departments that an organisation trusts",
        _to(TRUSTED),
        {
            "confirm_affiliation": _NOT_TRUSTED,
            "end_affiliation": _NOT_TRUSTED,
            # its name, credit code, trust and status are the city office's alone
            "change_organisation": Line("200", "403 talent.not_your_organisation", {OFFICE: "200"}),
        },
    ),
    Group(
        "the departments that confirm a kind of fact, each its own",
        _to(OWN),
        {
            "report_fact": Line("201", "403 talent.not_a_confirmer"),
            "end_fact": Line("200", "403 talent.not_your_fact", {FOREIGN: "404 talent.fact_not_found"}),
        },
    ),
    Group(
        "entries of a register that persons take part in: its reporters, and who reaches everybody",
        _to(OWN, OFFICE),
        {
            "list_register_entries": Line("200", THEIRS),
            "get_register_entry": _NO_ENTRY,
            "list_entry_reports": _NO_ENTRY,
        },
    ),
    Group(
        "the reporters of a register",
        _to(OWN),
        {
            "report_register_entry": Line("201", "403 talent.not_a_reporter"),
            "mark_same_entry": _ENTRY_OF_OTHERS,
            "unmark_same_entry": _ENTRY_OF_OTHERS,
        },
    ),
    Group(
        "the uploads of one's own department",
        _to(OWN),
        {
            "list_imports": Line("200", THEIRS),
            "get_import": _NO_IMPORT,
            "list_import_rows": _NO_IMPORT,
            "read_import_workbook": _NO_IMPORT,
        },
    ),
    Group(
        "the activities of one's own department",
        _to(OWN),
        {
            "change_activity": _NOT_YOURS,
            "publish_activity": _NOT_YOURS,
            "open_activity": _NOT_YOURS,
            "close_activity": _NOT_YOURS,
            "hold_activity": _NOT_YOURS,
            "report_activity": _NOT_YOURS,
            "cancel_activity": _NOT_YOURS,
            "cancel_session": _NOT_YOURS,
            "reopen_session": _NOT_YOURS,
            "list_checkins": Line("200", "404 events.activity_not_found"),
        },
    ),
    Group(
        "check-ins for the activities of one's own department",
        _to(OWN),
        {"revoke_checkin": Line("200", "404 events.checkin_not_found")},
    ),
    Group(
        "registrations of the person, and of the departments of the activity and of who registered them",
        _to(OWN, PERSON),
        {
            # whose activity it is everybody may know; a person finds themself in it and nobody else
            "list_registrations_of_activity": Line("200", "404 events.activity_not_found", {ANOTHER: THEIRS}),
            "get_registration": _NO_REGISTRATION,
            "cancel_registration": _NO_REGISTRATION,
            "accept_offer": _NO_REGISTRATION,
            "refuse_offer": _NO_REGISTRATION,
            "get_ticket": _NO_REGISTRATION,
        },
    ),
    Group(
        "scans of the departments that scanned and that published the scheme",
        _to(OWN, OFFICE),
        {"get_redemption": Line("200", "404 perks.redemption_not_found")},
    ),
    Group(
        "scans at a place: by its devices, and by departments it trusts",
        _to(DEVICE, TRUSTED),
        {"redeem_pass": Line("201", "403 perks.not_your_place")},
    ),
    Group(
        "scans at a door: by its devices, and by the activity's department",
        _to(DEVICE, OWN),
        {"check_in": Line("201", "403 events.wrong_door")},
    ),
    Group(
        "a person's own, by a channel",
        _to(PERSON),
        {
            "list_disclosures": _NO_PERSON,
            "export_person": _NO_PERSON,
            "get_preferences": _NO_INBOX,
            "put_preferences": _NO_INBOX,
            "list_messages": _NO_INBOX,
            "read_message": Line("200", "404 notify.message_not_found"),
        },
    ),
    Group(
        "operators and auditors",
        _to(OPERATOR, AUDITOR),
        {
            "list_deliveries": Line("200"),
            "get_delivery": Line("200"),
            "resend_delivery": Line("200"),
            "list_audit": Line("200"),
        },
    ),
)
GROUP_OF = {name: group for group in GROUPS for name in group.lines}


def cell(name: str, column: Column) -> str:
    """What the operation answers who asks: ``200``, ``404 talent.person_not_found``, THEIRS, or IMPOSSIBLE."""
    scope, group = ROUTES[name].scope, GROUP_OF[name]
    if scope not in column.may_hold:
        return IMPOSSIBLE
    if scope not in column.holds:
        return SCOPE_MISSING
    line = group.lines[name]
    return line.besides.get(column) or (line.let_in if column in group.let_in else line.others)
