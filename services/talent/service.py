"""The front door of talent: every RPC and timer, each one call into its subject."""

from __future__ import annotations

from typing import Any

from chassis.process.dependencies import Database
from chassis.process.provided import Provided
from chassis.process.timers import every
from chassis.rpc.server import command, disclosure, query
from chassis.store.work import Work
from contracts import figures as figure_schemas
from contracts import imports as import_schemas
from contracts import talent as schemas
from contracts.talent import contacts as contact_schemas
from services.talent import affiliations, figures, imports, organisations, people, settings
from services.talent.imports import files, job
from services.talent.organisations import sets
from services.talent.people import contacts
from services.talent.people import keys as people_keys

Answer = dict[str, Any]


class Service:
    """What ``python -m services.talent`` serves."""

    name = "talent"
    database = Database()
    keys = Provided(people_keys.load, prove=people_keys.prove)
    uploads = Provided(files.load, prove=files.prove)

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
        return sets.put_organisation_set(work, **fields)

    @query(schemas.GetOrganisationSet, answer=schemas.OrganisationSet)
    def get_organisation_set(self, work: Work, **fields: Any) -> Answer:
        return sets.get_organisation_set(work, **fields)

    @command(schemas.RegisterPerson, answer=schemas.Person)
    def register_person(self, work: Work, **fields: Any) -> Answer:
        return people.register_person(work, keys=self.keys, **fields)

    @command(schemas.ChangePerson, answer=schemas.Person)
    def change_person(self, work: Work, **fields: Any) -> Answer:
        return people.change_person(work, keys=self.keys, **fields)

    @disclosure(contact_schemas.ReadContacts, answer=contact_schemas.Contacts, to="notify")
    def read_contacts(self, work: Work, **fields: Any) -> Answer:
        return contacts.read_contacts(work, keys=self.keys, **fields)

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

    @command(import_schemas.StartImport, answer=import_schemas.Import)
    def start_import(self, work: Work, **fields: Any) -> Answer:
        return imports.start_import(work, uploads=self.uploads, **fields)

    @command(import_schemas.AppendImportChunk, answer=import_schemas.Import)
    def append_import_chunk(self, work: Work, **fields: Any) -> Answer:
        return imports.append_import_chunk(work, uploads=self.uploads, **fields)

    @command(import_schemas.SubmitImport, answer=import_schemas.Import)
    def submit_import(self, work: Work, **fields: Any) -> Answer:
        return imports.submit_import(work, uploads=self.uploads, **fields)

    @query(import_schemas.GetImport, answer=import_schemas.Import)
    def get_import(self, work: Work, **fields: Any) -> Answer:
        return imports.get_import(work, uploads=self.uploads, **fields)

    @query(import_schemas.ListImports, answer=import_schemas.ImportPage)
    def list_imports(self, work: Work, **fields: Any) -> Answer:
        return imports.list_imports(work, uploads=self.uploads, **fields)

    @query(import_schemas.ListImportRows, answer=import_schemas.ImportRowPage)
    def list_import_rows(self, work: Work, **fields: Any) -> Answer:
        return imports.list_import_rows(work, **fields)

    @query(import_schemas.ReadImportWorkbook, answer=import_schemas.ImportWorkbookPart)
    def read_import_workbook(self, work: Work, **fields: Any) -> Answer:
        return imports.read_import_workbook(work, uploads=self.uploads, **fields)

    @every(seconds=0.2)
    def run_imports(self) -> bool:
        return job.run_next(self.database, uploads=self.uploads, keys=self.keys)

    @every(seconds=3600)
    def purge_imports(self) -> None:
        with self.database.work() as work:
            imports.purge(work)
