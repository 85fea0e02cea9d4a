"""Liveness, readiness, metrics and version of a gateway worker, on a listener of their own.

Ready does not depend on any one service: while one is away, its routes answer 503 and the others work. The listener for
clients has ``/livez`` and ``/version`` alone: what the platform counts is nobody's business there, and whoever starts and
stops workers must get an answer whatever clients do.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess
from sqlalchemy.exc import SQLAlchemyError

from chassis.store import migrations

open_blueprint = Blueprint("open_health", __name__)
blueprint = Blueprint("health", __name__)
VERSION = "0.1.0"
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def create_app(extensions: Mapping[str, Any]) -> Flask:
    """The application of the listener for health; `extensions` are the public one's."""
    app = Flask("gateway.health", static_folder=None)
    app.extensions.update({name: extensions[name] for name in ("database", "rpc")})
    app.register_blueprint(open_blueprint)
    app.register_blueprint(blueprint)
    return app


def beside(public: Application, health: Application, *, public_port: int | None) -> Application:
    """Whichever of the two the listener is for that a request came by. None stands for a Unix socket."""

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        # the address of the connection, not SERVER_PORT: behind a Unix socket that is what the client says
        name = environ["gunicorn.socket"].getsockname()
        is_public = public_port is None if isinstance(name, str) else name[1] == public_port
        return (public if is_public else health)(environ, start_response)

    return serve


@open_blueprint.get("/livez")
def livez() -> Response:
    return _json({"status": "ok"}, 200)


@blueprint.get("/readyz")
def readyz() -> Response:
    """503 while the database is away or behind; with ``?verbose`` also whether the broker answers."""
    engine = current_app.extensions["database"]
    try:
        behind = migrations.is_behind(engine, "gateway")
        checks = {"database": "migrations are behind this code: run `migrate`" if behind else "ok"}
    except SQLAlchemyError as error:
        checks = {"database": f"not reachable: {type(error).__name__}"}
    status = 200 if set(checks.values()) == {"ok"} else 503
    if "verbose" in request.args:
        checks["broker"] = "ok" if current_app.extensions["rpc"].ping() else "not reachable"
    return _json(checks, status)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Prometheus metrics; of all workers where PROMETHEUS_MULTIPROC_DIR is set."""
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


@open_blueprint.get("/version")
def version() -> Response:
    return _json({"version": VERSION}, 200)


def _json(body: dict[str, str], status: int) -> Response:
    return Response(json.dumps(body), status=status, mimetype="application/json")
