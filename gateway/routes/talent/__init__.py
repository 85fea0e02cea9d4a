"""The routes of talent, a module per subject."""

from gateway.routes.talent import affiliations, organisations, people, register_files, registers

SUBJECTS = (organisations, people, affiliations, registers, register_files)
