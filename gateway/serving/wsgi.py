"""What gunicorn loads in each worker, after gevent has patched it."""

from __future__ import annotations

from chassis.ground import logs
from gateway import settings
from gateway.app import create_app

logs.configure(service="gateway")
app = create_app(settings.load())
