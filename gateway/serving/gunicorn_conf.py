"""gunicorn's configuration: gevent workers (``worker``), two listeners, nothing shared across a fork."""

from __future__ import annotations

import resource
from typing import Any

from gateway import settings
from gateway.serving.worker import SPARE_CONNECTIONS

#: Open files of a worker that are no client's: listeners, database, broker, logs, metrics.
OTHER_FILES = 150


def _with_files_for(connections: int) -> int:
    """So many connections, or as many as this process may open files for; raises its own limit where it may."""
    wanted = connections + SPARE_CONNECTIONS + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        return max(1, connections - (wanted - soft))
    return connections


_settings = settings.load()

bind = [_settings.bind, _settings.health_bind]
workers = _settings.workers
worker_class = "gateway.serving.worker.Worker"
worker_connections = _with_files_for(_settings.connections) + SPARE_CONNECTIONS
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


def child_exit(server: Any, worker: Any) -> None:
    """Forget the metrics of a worker that has gone."""
    import os

    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)
