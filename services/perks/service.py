"""The front door of perks: every RPC, event handler and timer, each one call into its subject."""

from __future__ import annotations

from typing import Any

from chassis.events.handlers import on_events
from chassis.keys import signed_tokens
from chassis.process.dependencies import Database
from chassis.process.provided import Provided
from chassis.process.timers import every
from chassis.rpc.server import command, query
from chassis.store.work import Work
from contracts import figures as figure_schemas
from contracts import perks as schemas
from contracts.language.envelope import Event
from services.perks import copies, entitlements, figures, passes, redemptions, schemes, settings
from services.perks.entitlements import evaluation

Answer = dict[str, Any]
SETTINGS = settings.load()


class Service:
    """What ``python -m services.perks`` serves."""

    name = "perks"
    database = Database()
    keys = Provided(passes.PassKeys.load, prove=signed_tokens.prove)

    @command(schemas.PutScheme, answer=schemas.Scheme)
    def put_scheme(self, work: Work, **fields: Any) -> Answer:
        evaluation.keep_out(work)
        published = schemes.put_scheme(work, **fields)
        if published["version"] != fields["version"]:
            evaluation.evaluate_all_later(work, f"scheme {fields['key']}")
        return published

    @query(schemas.GetScheme, answer=schemas.Scheme)
    def get_scheme(self, work: Work, **fields: Any) -> Answer:
        return schemes.get_scheme(work, **fields)

    @query(schemas.ListSchemes, answer=schemas.Schemes)
    def list_schemes(self, work: Work, **fields: Any) -> Answer:
        return schemes.list_schemes(work, **fields)

    @query(schemas.ListEntitlements, answer=schemas.EntitlementPage)
    def list_entitlements(self, work: Work, **fields: Any) -> Answer:
        return entitlements.list_entitlements(work, **fields)

    @query(schemas.GetEntitlement, answer=schemas.Entitlement)
    def get_entitlement(self, work: Work, **fields: Any) -> Answer:
        return entitlements.get_entitlement(work, **fields)

    @query(schemas.IssuePass, answer=schemas.Pass)
    def issue_pass(self, work: Work, **fields: Any) -> Answer:
        return passes.issue_pass(work, keys=self.keys, valid=SETTINGS.pass_valid, **fields)

    @command(schemas.RedeemPass, answer=schemas.Redemption)
    def redeem_pass(self, work: Work, **fields: Any) -> Answer:
        return redemptions.redeem_pass(work, keys=self.keys, times=SETTINGS.scan_times, **fields)

    @query(schemas.GetRedemption, answer=schemas.Redemption)
    def get_redemption(self, work: Work, **fields: Any) -> Answer:
        return redemptions.get_redemption(work, **fields)

    @query(schemas.ListRedemptions, answer=schemas.RedemptionPage)
    def list_redemptions(self, work: Work, **fields: Any) -> Answer:
        return redemptions.list_redemptions(work, **fields)

    @query(figure_schemas.CountFigures, answer=figure_schemas.Figures)
    def count_figures(self, work: Work, **fields: Any) -> Answer:
        return figures.count_figures(work, **fields)

    @on_events("talent.organisation.registered.v1", "talent.organisation.changed.v1")
    def on_organisation_changed(self, work: Work, events: list[Event]) -> None:
        evaluation.keep_out(work)
        if copies.apply_organisations(work.session, events):
            evaluation.evaluate_all_later(work, "organisations")

    @on_events("talent.organisation_set.published.v1")
    def on_organisation_set_published(self, work: Work, events: list[Event]) -> None:
        for key in copies.apply_sets(work.session, events):
            evaluation.evaluate_all_later(work, f"set {key}")

    @on_events(
        "talent.affiliation.reported.v1",
        "talent.affiliation.confirmed.v1",
        "talent.affiliation.changed.v1",
        "talent.affiliation.ended.v1",
    )
    def on_affiliation_changed(self, work: Work, events: list[Event]) -> None:
        people = copies.people_of(events)
        evaluation.lock_people(work, people)
        copies.apply_affiliations(work.session, events)
        evaluation.evaluate_changed(work, people)

    @every(seconds=SETTINGS.evaluation_seconds)
    def evaluate_everybody(self) -> bool:
        with self.database.work() as work:
            return evaluation.run_chunk(work)

    @every(seconds=SETTINGS.evaluation_seconds)
    def evaluate_due(self) -> bool:
        with self.database.work() as work:
            return evaluation.run_due(work)
