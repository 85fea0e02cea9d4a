"""What notify serves: every RPC, event handler and timer, a line each."""

from __future__ import annotations

from chassis.events.handlers import handler
from chassis.process.dependencies import Database
from chassis.process.provided import Provided
from chassis.process.timers import every
from chassis.rpc.server import command, query
from chassis.store import audit
from chassis.store.audit import people_of
from contracts import audit as audit_schemas
from contracts import figures as figure_schemas
from contracts import notify as schemas
from services.notify import deliveries, figures, messages, preferences, settings, templates
from services.notify.channels import in_app
from services.notify.channels.email import EmailChannel
from services.notify.channels.log import LogChannel
from services.notify.deliveries import sending
from services.notify.deliveries.contacts import Contacts
from services.notify.messages import erasing, merging

SETTINGS = settings.load()


#: Whom an answer shows, for the audit.
PERSON = people_of("person_id")


class Service:
    """The RPCs, event handlers and timers of notify."""

    name = "notify"
    database = Database()
    contacts = Provided(Contacts.load)
    #: The channels with a provider that are open here.
    channels = (*((EmailChannel(SETTINGS.smtp),) if SETTINGS.smtp else ()), LogChannel())
    open_channels = (in_app.NAME, *(channel.name for channel in channels))
    pace = SETTINGS.pace
    quiet_hours = SETTINGS.pace.quiet_hours

    put_template = command(schemas.PutTemplate, schemas.Template, templates.put_template)
    get_template = query(schemas.GetTemplate, schemas.Template, templates.get_template)
    list_templates = query(schemas.ListTemplates, schemas.Templates, templates.list_templates)

    put_preferences = command(schemas.PutPreferences, schemas.Preferences, preferences.put_preferences, personal=PERSON)
    get_preferences = query(
        schemas.GetPreferences, schemas.Preferences, preferences.get_preferences, given="quiet_hours", personal=PERSON
    )

    list_messages = query(schemas.ListMessages, schemas.MessagePage, messages.list_messages, personal=PERSON)
    read_message = command(schemas.ReadMessage, schemas.Message, messages.read_message, personal=PERSON)
    on_announcement = handler(messages.announce, given=("open_channels", "quiet_hours"))
    on_person_merged = handler(merging.people_merged)
    on_person_erased = handler(erasing.people_erased)

    list_deliveries = query(schemas.ListDeliveries, schemas.DeliveryPage, deliveries.list_deliveries, personal=PERSON)
    get_delivery = query(schemas.GetDelivery, schemas.Delivery, deliveries.get_delivery, personal=PERSON)
    resend_delivery = command(schemas.ResendDelivery, schemas.Delivery, deliveries.resend_delivery, personal=PERSON)
    send_due = every(SETTINGS.send_seconds, sending.send_due, given=("database", "channels", "contacts", "pace"))
    rescue_stuck = every(SETTINGS.rescue_seconds, deliveries.rescue)

    count_figures = query(figure_schemas.CountFigures, figure_schemas.FigureCounts, figures.count_figures)
    list_figure_records = query(
        figure_schemas.ListFigureRecords, figure_schemas.FigureRecordPage, figures.list_figure_records
    )
    list_audit = query(audit_schemas.ListAudit, audit_schemas.AuditPage, audit.list_audit)
