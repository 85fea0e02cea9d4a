"""The tables of talent as SQLAlchemy mapped classes, and the constraints that make the law hold under concurrency.

Created by the frozen SQL of ``migrations``; a test holds the two equal.
"""

from services.talent.tables.affiliations import Affiliation, AffiliationReport
from services.talent.tables.imports import Import, ImportChunk, ImportRow, ImportWorkbookPart
from services.talent.tables.organisations import (
    Organisation,
    OrganisationReport,
    OrganisationSet,
    OrganisationSetMember,
)
from services.talent.tables.people import ContactRead, Person, PersonReport
from services.talent.tables.registry import Base

metadata = Base.metadata

__all__ = [
    "Affiliation",
    "AffiliationReport",
    "Base",
    "ContactRead",
    "Import",
    "ImportChunk",
    "ImportRow",
    "ImportWorkbookPart",
    "Organisation",
    "OrganisationReport",
    "OrganisationSet",
    "OrganisationSetMember",
    "Person",
    "PersonReport",
    "metadata",
]
