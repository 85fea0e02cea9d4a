"""gunicorn's configuration: gevent workers (``worker``), nothing shared across a fork."""

from __future__ import annotations

from typing import Any

from gateway import settings

_settings = settings.load()

bind = _settings.bind
workers = _settings.workers
worker_class = "gateway.serving.worker.Worker"
worker_connections = 1000
preload_app = False
keepalive = 75
timeout = 60
graceful_timeout = 25
limit_request_line = 8190
limit_request_fields = 60
limit_request_field_size = 16380
control_socket_disable = True
accesslog = None
errorlog = "-"


def post_fork(server: Any, worker: Any) -> None:
    """Let psycopg2 yield to the other requests of the worker."""
    from psycogreen.gevent import patch_psycopg

    patch_psycopg()


def post_worker_init(worker: Any) -> None:
    """Keep the audit's house beside the requests."""
    from gateway.serving import housekeeping

    housekeeping.start(worker.wsgi.extensions["database"], audit_months=_settings.audit_months)


def child_exit(server: Any, worker: Any) -> None:
    """Forget the metrics of a worker that has gone."""
    import os

    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)
