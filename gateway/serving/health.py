"""Liveness, readiness, metrics and version of a gateway worker.

Ready does not depend on any one service: while one is away, its routes answer 503 and the others work.
"""

from __future__ import annotations

import json
import os

from flask import Blueprint, Response, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess
from sqlalchemy.exc import SQLAlchemyError

from chassis.store import migrations

blueprint = Blueprint("health", __name__)
VERSION = "0.1.0"


@blueprint.get("/livez")
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


@blueprint.get("/version")
def version() -> Response:
    return _json({"version": VERSION}, 200)


def _json(body: dict[str, str], status: int) -> Response:
    return Response(json.dumps(body), status=status, mimetype="application/json")
