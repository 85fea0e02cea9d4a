"""The routes of talent, a module per subject."""

from gateway.routes.talent import affiliations, facts, organisations, people, registers

SUBJECTS = (organisations, people, affiliations, registers, facts)
