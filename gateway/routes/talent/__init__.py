"""The routes of talent, a module per subject."""

from gateway.routes.talent import (
    affiliation_roles,
    affiliations,
    facts,
    organisations,
    people,
    register_files,
    registers,
)

SUBJECTS = (organisations, people, affiliations, affiliation_roles, registers, register_files, facts)
