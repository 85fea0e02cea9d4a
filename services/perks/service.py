"""What perks serves: every RPC, event handler and timer, a line each."""

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
from contracts import figures as figure_schemas
from contracts import perks as schemas
from services.perks import entitlements, figures, passes, redemptions, schemes, settings
from services.perks.entitlements import evaluation, triggers
from services.perks.redemptions import reading

SETTINGS = settings.load()


#: Whom an answer shows, for the audit.
PERSON = people_of("person_id")
HOLDER = people_of("entitlement_id", of="entitlements")


class Service:
    """The RPCs, event handlers and timers of perks."""

    name = "perks"
    database = Database()
    keys = Provided(passes.PassKeys.load, prove=signed_tokens.prove)
    pass_valid = SETTINGS.pass_valid
    scan_times = SETTINGS.scan_times

    put_scheme = command(schemas.PutScheme, schemas.Scheme, schemes.put_scheme)
    get_scheme = query(schemas.GetScheme, schemas.Scheme, schemes.get_scheme)
    list_schemes = query(schemas.ListSchemes, schemas.Schemes, schemes.list_schemes)

    get_entitlement = query(schemas.GetEntitlement, schemas.Entitlement, entitlements.get_entitlement, personal=PERSON)
    list_entitlements = query(
        schemas.ListEntitlements, schemas.EntitlementPage, entitlements.list_entitlements, personal=PERSON
    )
    evaluate_everybody = every(SETTINGS.evaluation_seconds, evaluation.run_chunk)
    evaluate_due = every(SETTINGS.evaluation_seconds, evaluation.run_due)

    issue_pass = query(
        schemas.IssuePass, schemas.Pass, passes.issue_pass, given=("keys", "pass_valid"), personal=HOLDER
    )
    redeem_pass = command(
        schemas.RedeemPass, schemas.Redemption, redemptions.redeem_pass, given=("keys", "scan_times"), personal=HOLDER
    )
    get_redemption = query(schemas.GetRedemption, schemas.Redemption, reading.get_redemption, personal=HOLDER)
    list_redemptions = query(schemas.ListRedemptions, schemas.RedemptionPage, reading.list_redemptions, personal=HOLDER)

    on_organisation_changed = handler(triggers.organisations_changed)
    on_organisation_set_published = handler(triggers.sets_published)
    on_affiliation_changed = handler(triggers.affiliations_changed)
    on_fact_changed = handler(triggers.facts_changed)
    on_person_registered = handler(triggers.people_registered)
    on_person_merged = handler(triggers.people_merged)

    count_figures = query(figure_schemas.CountFigures, figure_schemas.FigureCounts, figures.count_figures)
    list_figure_records = query(
        figure_schemas.ListFigureRecords, figure_schemas.FigureRecordPage, figures.list_figure_records
    )
    list_audit = query(audit_schemas.ListAudit, audit_schemas.AuditPage, audit.list_audit)
