"""What events serves: every RPC, event handler and timer, a line each."""

from __future__ import annotations

from chassis.events.handlers import handler
from chassis.keys import signed_tokens
from chassis.process.dependencies import Database
from chassis.process.provided import Provided
from chassis.process.timers import every
from chassis.rpc.server import command, query
from chassis.store import audit
from chassis.store.audit import people_of
from contracts import audit as audit_schemas
from contracts import events as schemas
from contracts import figures as figure_schemas
from services.events import activities, checkins, copies, figures, registrations, settings, tickets
from services.events.activities import kinds, moves, session_moves
from services.events.checkins import reading as checkins_reading
from services.events.checkins import revoking
from services.events.registrations import changes, merging, voiding, waiting_list

SETTINGS = settings.load()


#: Whom an answer shows, for the audit.
PERSON = people_of("person_id")
REGISTRANT = people_of("registration_id", of="registrations")


class Service:
    """The RPCs, event handlers and timers of events."""

    name = "events"
    database = Database()
    keys = Provided(tickets.TicketKeys.load, prove=signed_tokens.prove)
    scan_times = SETTINGS.scan_times

    put_activity_kind = command(schemas.PutActivityKind, schemas.ActivityKind, kinds.put_activity_kind)
    get_activity_kind = query(schemas.GetActivityKind, schemas.ActivityKind, kinds.get_activity_kind)
    list_activity_kinds = query(schemas.ListActivityKinds, schemas.ActivityKinds, kinds.list_activity_kinds)

    create_activity = command(schemas.CreateActivity, schemas.Activity, activities.create_activity)
    change_activity = command(schemas.ChangeActivity, schemas.Activity, activities.change_activity)
    get_activity = query(schemas.GetActivity, schemas.Activity, activities.get_activity)
    list_activities = query(schemas.ListActivities, schemas.ActivityPage, activities.list_activities)
    list_sessions = query(schemas.ListSessions, schemas.Sessions, activities.list_sessions)
    publish_activity = command(schemas.PublishActivity, schemas.Activity, moves.publish_activity)
    open_activity = command(schemas.OpenActivity, schemas.Activity, moves.open_activity)
    close_activity = command(schemas.CloseActivity, schemas.Activity, moves.close_activity)
    hold_activity = command(schemas.HoldActivity, schemas.Activity, moves.hold_activity)
    report_activity = command(schemas.ReportActivity, schemas.Activity, moves.report_activity)
    cancel_activity = command(schemas.CancelActivity, schemas.Activity, moves.cancel_activity)
    cancel_session = command(schemas.CancelSession, schemas.Activity, session_moves.cancel_session)
    reopen_session = command(schemas.ReopenSession, schemas.Activity, session_moves.reopen_session)

    register = command(schemas.Register, schemas.Registration, registrations.register, personal=PERSON)
    get_registration = query(
        schemas.GetRegistration, schemas.Registration, registrations.get_registration, personal=PERSON
    )
    list_registrations = query(
        schemas.ListRegistrations, schemas.RegistrationPage, registrations.list_registrations, personal=PERSON
    )
    cancel_registration = command(
        schemas.CancelRegistration, schemas.Registration, waiting_list.cancel_registration, personal=PERSON
    )
    accept_offer = command(schemas.AcceptOffer, schemas.Registration, waiting_list.accept_offer, personal=PERSON)
    refuse_offer = command(schemas.RefuseOffer, schemas.Registration, waiting_list.refuse_offer, personal=PERSON)
    lapse_offers = every(SETTINGS.waiting_list_seconds, waiting_list.lapse_offers)
    fill_seats = every(SETTINGS.waiting_list_seconds, waiting_list.fill_seats)
    announce_changes = every(SETTINGS.waiting_list_seconds, changes.announce_changes)
    void_registrations = every(SETTINGS.waiting_list_seconds, voiding.void_registrations)
    follow_merges = every(SETTINGS.merge_seconds, merging.follow_merges)

    issue_ticket = query(schemas.IssueTicket, schemas.Ticket, tickets.issue_ticket, given="keys", personal=REGISTRANT)
    check_in = command(
        schemas.CheckIn, schemas.CheckInRecord, checkins.check_in, given=("keys", "scan_times"), personal=REGISTRANT
    )
    revoke_checkin = command(schemas.RevokeCheckIn, schemas.CheckInRecord, revoking.revoke_checkin, personal=REGISTRANT)
    list_checkins = query(
        schemas.ListCheckIns, schemas.CheckInRecordPage, checkins_reading.list_checkins, personal=REGISTRANT
    )

    on_organisation_changed = handler(copies.organisations.apply)
    on_person_registered = handler(copies.people.apply)
    on_person_merged = handler(merging.people_merged)
    on_affiliation_changed = handler(copies.affiliations.apply)

    count_figures = query(figure_schemas.CountFigures, figure_schemas.FigureCounts, figures.count_figures)
    list_figure_records = query(
        figure_schemas.ListFigureRecords, figure_schemas.FigureRecordPage, figures.list_figure_records
    )
    list_audit = query(audit_schemas.ListAudit, audit_schemas.AuditPage, audit.list_audit)
