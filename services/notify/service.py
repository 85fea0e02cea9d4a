"""The front door of notify: every RPC, event handler and timer, each one call into its subject."""

from __future__ import annotations

from typing import Any

from chassis.events.handlers import on_events
from chassis.process.dependencies import Database
from chassis.process.provided import Provided
from chassis.process.timers import every
from chassis.rpc.server import command, query
from chassis.store.work import Work
from contracts import figures as figure_schemas
from contracts import notify as schemas
from contracts.language.envelope import Event
from services.notify import deliveries, figures, messages, preferences, settings, templates
from services.notify.channels import in_app
from services.notify.channels.email import EmailChannel
from services.notify.channels.log import LogChannel
from services.notify.deliveries import sending
from services.notify.deliveries.contacts import Contacts

Answer = dict[str, Any]
SETTINGS = settings.load()
QUIET_HOURS = SETTINGS.pace.quiet_hours
#: The channels with a provider that are open here.
CHANNELS = (*((EmailChannel(SETTINGS.smtp),) if SETTINGS.smtp else ()), LogChannel())
OPEN = (in_app.NAME, *(channel.name for channel in CHANNELS))


class Service:
    """What ``python -m services.notify`` serves."""

    name = "notify"
    database = Database()
    contacts = Provided(Contacts.load)

    @command(schemas.PutTemplate, answer=schemas.Template)
    def put_template(self, work: Work, **fields: Any) -> Answer:
        return templates.put_template(work, **fields)

    @query(schemas.GetTemplate, answer=schemas.Template)
    def get_template(self, work: Work, **fields: Any) -> Answer:
        return templates.get_template(work, **fields)

    @query(schemas.ListTemplates, answer=schemas.Templates)
    def list_templates(self, work: Work, **fields: Any) -> Answer:
        return templates.list_templates(work, **fields)

    @command(schemas.PutPreferences, answer=schemas.Preferences)
    def put_preferences(self, work: Work, **fields: Any) -> Answer:
        return preferences.put_preferences(work, **fields)

    @query(schemas.GetPreferences, answer=schemas.Preferences)
    def get_preferences(self, work: Work, **fields: Any) -> Answer:
        return preferences.get_preferences(work, quiet_hours=QUIET_HOURS, **fields)

    @query(schemas.ListMessages, answer=schemas.MessagePage)
    def list_messages(self, work: Work, **fields: Any) -> Answer:
        return messages.list_messages(work, **fields)

    @command(schemas.ReadMessage, answer=schemas.Message)
    def read_message(self, work: Work, **fields: Any) -> Answer:
        return messages.read_message(work, **fields)

    @query(schemas.ListDeliveries, answer=schemas.DeliveryPage)
    def list_deliveries(self, work: Work, **fields: Any) -> Answer:
        return deliveries.list_deliveries(work, **fields)

    @query(schemas.GetDelivery, answer=schemas.Delivery)
    def get_delivery(self, work: Work, **fields: Any) -> Answer:
        return deliveries.get_delivery(work, **fields)

    @command(schemas.ResendDelivery, answer=schemas.Delivery)
    def resend_delivery(self, work: Work, **fields: Any) -> Answer:
        return deliveries.resend_delivery(work, **fields)

    @query(figure_schemas.CountFigures, answer=figure_schemas.Figures)
    def count_figures(self, work: Work, **fields: Any) -> Answer:
        return figures.count_figures(work, **fields)

    @on_events(
        "perks.entitlement.granted.v1",
        "perks.entitlement.suspended.v1",
        "perks.entitlement.reinstated.v1",
        "events.registration.confirmed.v1",
        "events.registration.waitlisted.v1",
        "events.registration.offered.v1",
        "events.registration.promoted.v1",
        "events.registration.lapsed.v1",
        "events.registration.cancelled.v1",
        "events.registration.voided.v1",
    )
    def on_announcement(self, work: Work, events: list[Event]) -> None:
        messages.announce(work, events, open_channels=OPEN, quiet_hours=QUIET_HOURS)

    @every(seconds=SETTINGS.send_seconds)
    def send_due(self) -> bool:
        return sending.send_due(self.database, CHANNELS, self.contacts, SETTINGS.pace)

    @every(seconds=SETTINGS.rescue_seconds)
    def rescue_stuck(self) -> None:
        with self.database.work() as work:
            deliveries.rescue(work)
