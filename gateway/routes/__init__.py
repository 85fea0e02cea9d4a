"""The public API, a module per subject; each route is one call to the service that owns the data."""

from gateway.routes import audit, events, figures, imports, notify, oauth, perks, reports, talent

SUBJECTS = (
    oauth,
    *talent.SUBJECTS,
    imports,
    *perks.SUBJECTS,
    *events.SUBJECTS,
    *notify.SUBJECTS,
    figures,
    reports,
    audit,
)
