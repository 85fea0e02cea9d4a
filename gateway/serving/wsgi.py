"""What gunicorn loads in each worker, after gevent has patched it."""

from __future__ import annotations

from chassis.ground import logs
from gateway import settings
from gateway.app import create_app
from gateway.serving import connections, health, housekeeping

logs.configure(service="gateway")
_settings = settings.load()
_public = create_app(_settings)
app = connections.kept_while_working(
    health.beside(_public, health.create_app(_public.extensions), public_port=_settings.port)
)
housekeeping.start(_public.extensions["database"], audit_months=_settings.audit_months)
