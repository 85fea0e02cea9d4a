"""The routes of notify, a module per subject."""

from gateway.routes.notify import deliveries, messages, preferences, templates

SUBJECTS = (templates, preferences, messages, deliveries)
