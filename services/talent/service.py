"""What talent serves: every RPC and timer, a line each."""

from __future__ import annotations

from chassis.imports import files, job, results, uploading
from chassis.process.dependencies import Database
from chassis.process.provided import Provided
from chassis.process.timers import every
from chassis.rpc.server import command, disclosure, query
from chassis.store import audit
from chassis.store.audit import people_of
from contracts import audit as audit_schemas
from contracts import figures as figure_schemas
from contracts import imports as import_schemas
from contracts import talent as schemas
from services.talent import affiliations, facts, figures, organisations, people, registers, settings
from services.talent.affiliations import roles as affiliation_roles
from services.talent.facts import kinds as fact_kinds
from services.talent.imports import kinds as import_kinds
from services.talent.imports.registers import exporting
from services.talent.organisations import sets
from services.talent.people import (
    backfilling,
    born_months,
    changing,
    contacts,
    disclosing,
    duplicates,
    erasing,
    listing,
    own_data,
    reading,
)
from services.talent.people import keys as people_keys
from services.talent.registers import kinds as register_kinds
from services.talent.registers import sameness

SETTINGS = settings.load()

#: Whom an answer shows, for the audit.
ITSELF = people_of("id")
PERSON = people_of("person_id")
ON_ROWS = people_of("record_id", of="affiliations")
IN_ENTRIES = people_of(
    "id",
    by="""
    select distinct person_id from register_parties where entry_id = any(cast(:ids as uuid[])) and person_id is not null
    """,
)
IN_REPORTS = people_of(
    "entry_id",
    by="""
    select distinct cast(party ->> 'party_id' as uuid) from register_reports r cross join jsonb_array_elements(r.parties) party
    where r.entry_id = any(cast(:ids as uuid[])) and cast(party ->> 'is_person' as boolean)
    """,
)
ON_FILE = people_of(
    "import_id",
    by="""
    select distinct a.person_id from import_rows r join affiliations a on a.id = r.affiliation_id
    where r.import_id = any(cast(:ids as uuid[]))
    """,
)


class Service:
    """The RPCs and timers of talent."""

    name = "talent"
    database = Database()
    keys = Provided(people_keys.load, prove=people_keys.prove)
    uploads = Provided(import_kinds.load, prove=files.prove)
    reminder_days = SETTINGS.expiry_reminder_days

    register_organisation = command(
        schemas.RegisterOrganisation, schemas.Organisation, organisations.register_organisation
    )
    change_organisation = command(schemas.ChangeOrganisation, schemas.Organisation, organisations.change_organisation)
    confirm_organisation = command(
        schemas.ConfirmOrganisation, schemas.Organisation, organisations.confirm_organisation
    )
    get_organisation = query(schemas.GetOrganisation, schemas.Organisation, organisations.get_organisation)
    list_organisations = query(schemas.ListOrganisations, schemas.OrganisationPage, organisations.list_organisations)
    list_organisation_sets = query(schemas.ListOrganisationSets, schemas.OrganisationSets, sets.list_organisation_sets)
    put_organisation_set = command(schemas.PutOrganisationSet, schemas.OrganisationSet, sets.put_organisation_set)
    get_organisation_set = query(schemas.GetOrganisationSet, schemas.OrganisationSet, sets.get_organisation_set)

    register_person = command(
        schemas.RegisterPerson, schemas.Person, people.register_person, given="keys", personal=ITSELF
    )
    change_person = command(schemas.ChangePerson, schemas.Person, changing.change_person, given="keys", personal=ITSELF)
    get_person = query(schemas.GetPerson, schemas.Person, reading.get_person, personal=ITSELF)
    read_names = query(schemas.ReadNames, schemas.Names, reading.read_names, personal=PERSON)
    get_person_ids = query(schemas.GetPerson, schemas.PersonIds, reading.get_person_ids)
    disclose_person = query(
        schemas.DisclosePerson, schemas.PersonInFull, disclosing.disclose_person, given="keys", personal=ITSELF
    )
    fill_born_months = every(SETTINGS.lapse_check_seconds, born_months.fill_born_months, given="keys")
    list_people = query(schemas.ListPeople, schemas.PersonPage, listing.list_people, personal=ITSELF)
    search_people = query(
        schemas.SearchPeople, schemas.PersonPage, listing.search_people, given="keys", personal=ITSELF
    )
    list_duplicate_people = query(
        schemas.ListDuplicatePeople, schemas.DuplicatePersonPage, duplicates.list_duplicate_people, personal=PERSON
    )
    merge_duplicate_person = command(
        schemas.MergeDuplicatePerson, schemas.DuplicatePerson, duplicates.merge_duplicate_person, personal=PERSON
    )
    dismiss_duplicate_person = command(
        schemas.DismissDuplicatePerson, schemas.DuplicatePerson, duplicates.dismiss_duplicate_person, personal=PERSON
    )
    read_contacts = disclosure(
        schemas.ReadContacts, schemas.Contacts, contacts.read_contacts, to="notify", given="keys", personal=PERSON
    )

    erase_person = command(schemas.ErasePerson, schemas.ErasedPerson, erasing.erase_person, personal=ITSELF)
    export_person = query(
        schemas.ExportPerson, schemas.ExportedPerson, own_data.export_person, given="keys", personal=ITSELF
    )
    fill_contact_lookups = every(600, backfilling.fill_contact_lookups, given="keys")

    report_affiliation = command(
        schemas.ReportAffiliation, schemas.Affiliation, affiliations.report_affiliation, personal=PERSON
    )
    confirm_affiliation = command(
        schemas.ConfirmAffiliation, schemas.Affiliation, affiliations.confirm_affiliation, personal=PERSON
    )
    end_affiliation = command(
        schemas.EndAffiliation, schemas.Affiliation, affiliations.end_affiliation, personal=PERSON
    )
    get_affiliation = query(schemas.GetAffiliation, schemas.Affiliation, affiliations.get_affiliation, personal=PERSON)
    list_affiliations = query(
        schemas.ListAffiliations, schemas.AffiliationPage, affiliations.list_affiliations, personal=PERSON
    )
    put_affiliation_role = command(
        schemas.PutAffiliationRole, schemas.AffiliationRole, affiliation_roles.put_affiliation_role
    )
    get_affiliation_role = query(
        schemas.GetAffiliationRole, schemas.AffiliationRole, affiliation_roles.get_affiliation_role
    )
    list_affiliation_roles = query(
        schemas.ListAffiliationRoles, schemas.AffiliationRoles, affiliation_roles.list_affiliation_roles
    )
    end_lapsed_affiliations = every(SETTINGS.lapse_check_seconds, affiliations.end_lapsed)

    put_fact_kind = command(schemas.PutFactKind, schemas.FactKind, fact_kinds.put_fact_kind)
    get_fact_kind = query(schemas.GetFactKind, schemas.FactKind, fact_kinds.get_fact_kind)
    list_fact_kinds = query(schemas.ListFactKinds, schemas.FactKinds, fact_kinds.list_fact_kinds)
    report_fact = command(schemas.ReportFact, schemas.Fact, facts.report_fact, personal=PERSON)
    end_fact = command(schemas.EndFact, schemas.Fact, facts.end_fact, personal=PERSON)
    get_fact = query(schemas.GetFact, schemas.Fact, facts.get_fact, personal=PERSON)
    list_facts = query(schemas.ListFacts, schemas.FactPage, facts.list_facts, personal=PERSON)
    end_lapsed_facts = every(SETTINGS.lapse_check_seconds, facts.end_lapsed)

    put_register_kind = command(schemas.PutRegisterKind, schemas.RegisterKind, register_kinds.put_register_kind)
    get_register_kind = query(schemas.GetRegisterKind, schemas.RegisterKind, register_kinds.get_register_kind)
    list_register_kinds = query(schemas.ListRegisterKinds, schemas.RegisterKinds, register_kinds.list_register_kinds)
    report_register_entry = command(
        schemas.ReportRegisterEntry, schemas.RegisterEntry, registers.report_register_entry, personal=IN_ENTRIES
    )
    get_register_entry = query(
        schemas.GetRegisterEntry, schemas.RegisterEntry, registers.get_register_entry, personal=IN_ENTRIES
    )
    list_register_entries = query(
        schemas.ListRegisterEntries, schemas.RegisterEntryPage, registers.list_register_entries, personal=IN_ENTRIES
    )
    list_register_rows = query(schemas.ListRegisterRows, schemas.RegisterRows, exporting.list_register_rows)
    list_entry_reports = query(
        schemas.ListEntryReports, schemas.EntryReports, registers.list_entry_reports, personal=IN_REPORTS
    )
    mark_same_entry = command(
        schemas.MarkSameEntry, schemas.RegisterEntry, sameness.mark_same_entry, personal=IN_ENTRIES
    )
    unmark_same_entry = command(
        schemas.UnmarkSameEntry, schemas.RegisterEntry, sameness.unmark_same_entry, personal=IN_ENTRIES
    )
    remind_of_expiry = every(SETTINGS.expiry_check_seconds, registers.remind_of_expiry, given="reminder_days")

    start_import = command(import_schemas.StartImport, import_schemas.Import, uploading.start_import, given="uploads")
    append_import_chunk = command(
        import_schemas.AppendImportChunk, import_schemas.Import, uploading.append_import_chunk, given="uploads"
    )
    submit_import = command(
        import_schemas.SubmitImport, import_schemas.Import, uploading.submit_import, given="uploads"
    )
    get_import = query(import_schemas.GetImport, import_schemas.Import, results.get_import, given="uploads")
    list_imports = query(import_schemas.ListImports, import_schemas.ImportPage, results.list_imports, given="uploads")
    list_import_rows = query(
        import_schemas.ListImportRows,
        import_schemas.ImportRowPage,
        results.list_import_rows,
        given="uploads",
        personal=ON_ROWS,
    )
    read_import_workbook = query(
        import_schemas.ReadImportWorkbook,
        import_schemas.ImportWorkbookPart,
        results.read_import_workbook,
        given="uploads",
        personal=ON_FILE,
    )
    list_import_kinds = query(
        import_schemas.ListImportKinds, import_schemas.ImportKinds, results.list_import_kinds, given="uploads"
    )
    read_import_template = query(
        import_schemas.ReadImportTemplate,
        import_schemas.ImportTemplate,
        results.read_import_template,
        given="uploads",
    )
    run_imports = every(0.2, job.run_next, given=("database", "uploads"))
    purge_imports = every(3600, results.purge, given="uploads")

    count_figures = query(figure_schemas.CountFigures, figure_schemas.FigureCounts, figures.count_figures)
    list_figure_records = query(
        figure_schemas.ListFigureRecords, figure_schemas.FigureRecordPage, figures.list_figure_records
    )
    list_audit = query(audit_schemas.ListAudit, audit_schemas.AuditPage, audit.list_audit)
