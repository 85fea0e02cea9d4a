"""The routes of talent, a module per subject."""

from gateway.routes.talent import affiliations, organisations, people, registers

SUBJECTS = (organisations, people, affiliations, registers)
