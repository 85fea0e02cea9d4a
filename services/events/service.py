"""The front door of events: every RPC, event handler and timer, each one call into its subject."""

from __future__ import annotations

from typing import Any

from chassis.events.handlers import on_events
from chassis.keys import signed_tokens
from chassis.process.dependencies import Database
from chassis.process.provided import Provided
from chassis.process.timers import every
from chassis.rpc.server import command, query
from chassis.store.work import Work
from contracts import events as registration_schemas
from contracts import events as schemas
from contracts import figures as figure_schemas
from contracts.language.envelope import Event
from services.events import activities, checkins, copies, figures, registrations, settings, tickets
from services.events.activities import kinds, moves
from services.events.registrations import statements, voiding, waiting_list

Answer = dict[str, Any]
SETTINGS = settings.load()


class Service:
    """What ``python -m services.events`` serves."""

    name = "events"
    database = Database()
    keys = Provided(tickets.TicketKeys.load, prove=signed_tokens.prove)

    @command(schemas.PutActivityKind, answer=schemas.ActivityKind)
    def put_activity_kind(self, work: Work, **fields: Any) -> Answer:
        return kinds.put_activity_kind(work, **fields)

    @query(schemas.GetActivityKind, answer=schemas.ActivityKind)
    def get_activity_kind(self, work: Work, **fields: Any) -> Answer:
        return kinds.get_activity_kind(work, **fields)

    @query(schemas.ListActivityKinds, answer=schemas.ActivityKinds)
    def list_activity_kinds(self, work: Work, **fields: Any) -> Answer:
        return kinds.list_activity_kinds(work, **fields)

    @command(schemas.CreateActivity, answer=schemas.Activity)
    def create_activity(self, work: Work, **fields: Any) -> Answer:
        return activities.create_activity(work, **fields)

    @command(schemas.ChangeActivity, answer=schemas.Activity)
    def change_activity(self, work: Work, **fields: Any) -> Answer:
        return activities.change_activity(work, **fields)

    @query(schemas.GetActivity, answer=schemas.Activity)
    def get_activity(self, work: Work, **fields: Any) -> Answer:
        return activities.get_activity(work, **fields)

    @query(schemas.ListActivities, answer=schemas.ActivityPage)
    def list_activities(self, work: Work, **fields: Any) -> Answer:
        return activities.list_activities(work, **fields)

    @query(schemas.ListSessions, answer=schemas.Sessions)
    def list_sessions(self, work: Work, **fields: Any) -> Answer:
        return activities.list_sessions(work, **fields)

    @command(schemas.PublishActivity, answer=schemas.Activity)
    def publish_activity(self, work: Work, **fields: Any) -> Answer:
        return moves.move_activity(work, "publish", **fields)

    @command(schemas.OpenActivity, answer=schemas.Activity)
    def open_activity(self, work: Work, **fields: Any) -> Answer:
        return moves.move_activity(work, "open", **fields)

    @command(schemas.CloseActivity, answer=schemas.Activity)
    def close_activity(self, work: Work, **fields: Any) -> Answer:
        return moves.move_activity(work, "close", **fields)

    @command(schemas.HoldActivity, answer=schemas.Activity)
    def hold_activity(self, work: Work, **fields: Any) -> Answer:
        return moves.hold_activity(work, **fields)

    @command(schemas.ReportActivity, answer=schemas.Activity)
    def report_activity(self, work: Work, **fields: Any) -> Answer:
        return moves.report_activity(work, **fields)

    @command(schemas.CancelActivity, answer=schemas.Activity)
    def cancel_activity(self, work: Work, **fields: Any) -> Answer:
        return moves.cancel_activity(work, **fields)

    @command(registration_schemas.Register, answer=registration_schemas.Registration)
    def register(self, work: Work, **fields: Any) -> Answer:
        return registrations.register(work, **fields)

    @query(registration_schemas.GetRegistration, answer=registration_schemas.Registration)
    def get_registration(self, work: Work, **fields: Any) -> Answer:
        return statements.get_registration(work, **fields)

    @query(registration_schemas.ListRegistrations, answer=registration_schemas.RegistrationPage)
    def list_registrations(self, work: Work, **fields: Any) -> Answer:
        return registrations.list_registrations(work, **fields)

    @command(registration_schemas.CancelRegistration, answer=registration_schemas.Registration)
    def cancel_registration(self, work: Work, **fields: Any) -> Answer:
        return waiting_list.cancel_registration(work, **fields)

    @command(registration_schemas.AcceptOffer, answer=registration_schemas.Registration)
    def accept_offer(self, work: Work, **fields: Any) -> Answer:
        return waiting_list.accept_offer(work, **fields)

    @command(registration_schemas.RefuseOffer, answer=registration_schemas.Registration)
    def refuse_offer(self, work: Work, **fields: Any) -> Answer:
        return waiting_list.refuse_offer(work, **fields)

    @query(registration_schemas.IssueTicket, answer=registration_schemas.Ticket)
    def issue_ticket(self, work: Work, **fields: Any) -> Answer:
        return tickets.issue_ticket(work, keys=self.keys, **fields)

    @command(registration_schemas.CheckIn, answer=registration_schemas.CheckInRecord)
    def check_in(self, work: Work, **fields: Any) -> Answer:
        return checkins.check_in(work, keys=self.keys, times=SETTINGS.scan_times, **fields)

    @query(figure_schemas.CountFigures, answer=figure_schemas.Figures)
    def count_figures(self, work: Work, **fields: Any) -> Answer:
        return figures.count_figures(work, **fields)

    @on_events("talent.organisation.registered.v1", "talent.organisation.changed.v1")
    def on_organisation_changed(self, work: Work, events: list[Event]) -> None:
        copies.apply_organisations(work.session, events)

    @on_events("talent.person.registered.v1", "talent.person.changed.v1")
    def on_person_registered(self, work: Work, events: list[Event]) -> None:
        copies.apply_people(work.session, events)

    @on_events(
        "talent.affiliation.reported.v1",
        "talent.affiliation.confirmed.v1",
        "talent.affiliation.changed.v1",
        "talent.affiliation.ended.v1",
    )
    def on_affiliation_changed(self, work: Work, events: list[Event]) -> None:
        copies.apply_affiliations(work.session, events)

    @every(seconds=SETTINGS.waiting_list_seconds)
    def lapse_offers(self) -> bool:
        with self.database.work() as work:
            return waiting_list.lapse_offers(work)

    @every(seconds=SETTINGS.waiting_list_seconds)
    def fill_seats(self) -> bool:
        with self.database.work() as work:
            return waiting_list.fill_seats(work)

    @every(seconds=SETTINGS.waiting_list_seconds)
    def void_registrations(self) -> bool:
        with self.database.work() as work:
            return voiding.void_registrations(work)
