"""The front door of talent: every RPC and timer, each one call into its subject."""

from __future__ import annotations

from typing import Any

from nameko.extensions import DependencyProvider
from sqlalchemy.exc import SQLAlchemyError

from chassis import lanes
from chassis.dependencies import Database
from chassis.rpc import command, query
from chassis.timers import every
from chassis.work import Work
from contracts import figures as figure_schemas
from contracts import talent as schemas
from services.talent import affiliations, figures, organisation_sets, organisations, people, people_keys, settings

Answer = dict[str, Any]


class Keys(DependencyProvider):  # type: ignore[misc]
    """The keys of people, read at start; proven to be this database's before their first use at the latest."""

    def setup(self) -> None:
        self._keys = people_keys.load(self.container.config["settings"])
        self._is_proven = False

    def start(self) -> None:
        try:
            self._prove()
        except SQLAlchemyError:
            return  # the database is away or not migrated yet; the first worker proves them

    def get_dependency(self, worker_ctx: Any) -> people_keys.PeopleKeys:
        if not self._is_proven:
            self._prove()
        return self._keys

    def _prove(self) -> None:
        for lane in [lane for lane in self.container.lanes if lane != lanes.RELAY][:1]:
            with self.container.database.lane(lane).work() as work:
                people_keys.prove(work, self._keys)
        self._is_proven = True


class Service:
    """What ``python -m services.talent`` serves."""

    name = "talent"
    database = Database()
    keys = Keys()

    @command(schemas.RegisterOrganisation, answer=schemas.Organisation)
    def register_organisation(self, work: Work, **fields: Any) -> Answer:
        return organisations.register_organisation(work, **fields)

    @command(schemas.ChangeOrganisation, answer=schemas.Organisation)
    def change_organisation(self, work: Work, **fields: Any) -> Answer:
        return organisations.change_organisation(work, **fields)

    @query(schemas.GetOrganisation, answer=schemas.Organisation)
    def get_organisation(self, work: Work, **fields: Any) -> Answer:
        return organisations.get_organisation(work, **fields)

    @query(schemas.ListOrganisations, answer=schemas.OrganisationPage)
    def list_organisations(self, work: Work, **fields: Any) -> Answer:
        return organisations.list_organisations(work, **fields)

    @command(schemas.PutOrganisationSet, answer=schemas.OrganisationSet)
    def put_organisation_set(self, work: Work, **fields: Any) -> Answer:
        return organisation_sets.put_organisation_set(work, **fields)

    @query(schemas.GetOrganisationSet, answer=schemas.OrganisationSet)
    def get_organisation_set(self, work: Work, **fields: Any) -> Answer:
        return organisation_sets.get_organisation_set(work, **fields)

    @command(schemas.RegisterPerson, answer=schemas.Person)
    def register_person(self, work: Work, **fields: Any) -> Answer:
        return people.register_person(work, keys=self.keys, **fields)

    @command(schemas.ChangePerson, answer=schemas.Person)
    def change_person(self, work: Work, **fields: Any) -> Answer:
        return people.change_person(work, keys=self.keys, **fields)

    @query(schemas.GetPerson, answer=schemas.Person)
    def get_person(self, work: Work, **fields: Any) -> Answer:
        return people.get_person(work, **fields)

    @query(schemas.ListPeople, answer=schemas.PersonPage)
    def list_people(self, work: Work, **fields: Any) -> Answer:
        return people.list_people(work, **fields)

    @command(schemas.ReportAffiliation, answer=schemas.Affiliation)
    def report_affiliation(self, work: Work, **fields: Any) -> Answer:
        return affiliations.report_affiliation(work, **fields)

    @command(schemas.ConfirmAffiliation, answer=schemas.Affiliation)
    def confirm_affiliation(self, work: Work, **fields: Any) -> Answer:
        return affiliations.confirm_affiliation(work, **fields)

    @command(schemas.EndAffiliation, answer=schemas.Affiliation)
    def end_affiliation(self, work: Work, **fields: Any) -> Answer:
        return affiliations.end_affiliation(work, **fields)

    @query(schemas.GetAffiliation, answer=schemas.Affiliation)
    def get_affiliation(self, work: Work, **fields: Any) -> Answer:
        return affiliations.get_affiliation(work, **fields)

    @query(schemas.ListAffiliations, answer=schemas.AffiliationPage)
    def list_affiliations(self, work: Work, **fields: Any) -> Answer:
        return affiliations.list_affiliations(work, **fields)

    @query(figure_schemas.CountFigures, answer=figure_schemas.Figures)
    def count_figures(self, work: Work, **fields: Any) -> Answer:
        return figures.count_figures(work, **fields)

    @every(seconds=settings.load().lapse_check_seconds)
    def end_lapsed_affiliations(self) -> bool:
        with self.database.work() as work:
            return affiliations.end_lapsed(work)
