"""The application: what every request passes, and what is made once per worker.

A request: request id and trace → route → scope (``operations``) → shape (``reading``) → one call (``backend``) → answer.
"""

from __future__ import annotations

import re
import time
import uuid

import structlog
from flask import Flask, Response, g, request
from flask_smorest import Api

from chassis.ground import tracing
from chassis.keys.rings import read_keyring
from chassis.rpc.client import RpcClient
from chassis.store.database import make_engine
from gateway import routes
from gateway.auth.tokens import Tokens
from gateway.description import docs, openapi, problem_pages
from gateway.http import framework_problems
from gateway.http.cursors import Cursors
from gateway.reports import service as reports
from gateway.serving import body_limits, health, proxies, rate_limits, request_metrics
from gateway.serving.rate_limits import RateLimits
from gateway.settings import GatewaySettings

log = structlog.get_logger("gateway.access")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


def create_app(settings: GatewaySettings) -> Flask:
    """The application; connects to nothing before the first request, so it may be made before a fork."""
    app = Flask("gateway", static_folder=None)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False
    app.url_map.converters.update(openapi.CONVERTERS)
    app.config.update(
        PUBLIC_URL=settings.public_url,
        CALL_SECONDS=settings.call_seconds,
        MAX_CONTENT_LENGTH=body_limits.JSON_BYTES,
        MAX_FORM_MEMORY_SIZE=256 * 1024,
        PROPAGATE_EXCEPTIONS=False,
        **openapi.CONFIGURATION,
    )
    app.extensions["cursors"], app.extensions["tokens"] = load_keys(settings)
    app.extensions["database"] = make_engine(settings.database_url, pool_size=5, name="gateway")
    app.extensions["rate_limits"] = RateLimits(settings.rates, settings.rate_store)
    app.extensions["own_calls"] = reports.CALLS
    app.extensions["rpc"] = RpcClient(settings.amqp_uri, name="gateway")
    proxies.trust(app, settings.trusted_proxies)
    app.before_request(_begin)
    app.after_request(_finish)
    api = Api(app, spec_kwargs=openapi.SPECIFICATION)
    openapi.add_components(api)
    for subject in routes.SUBJECTS:
        api.register_blueprint(subject.blueprint)
    app.register_blueprint(health.open_blueprint)
    for described in (openapi, docs, problem_pages):
        app.register_blueprint(described.blueprint)
    framework_problems.register(app)
    return app


def load_keys(settings: GatewaySettings) -> tuple[Cursors, Tokens]:
    """What the gateway signs with. Raises KeyProblem."""
    ring = read_keyring(settings.key_dir, "cursor", is_dev=settings.is_dev)
    signing = settings.key_dir / "token_signing.json"
    tokens = Tokens.from_file(signing, is_dev=settings.is_dev, issuer=settings.public_url)
    return Cursors(current=ring.current, secrets=ring.keys), tokens


def _begin() -> None:
    g.started = time.monotonic()
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    g.traceparent = tracing.child_of(request.headers.get("traceparent"))
    g.trace_id = tracing.trace_id(g.traceparent)
    if request.endpoint == "imports.start_import":
        request.max_content_length = body_limits.UPLOAD_BYTES + body_limits.UPLOAD_OVERHEAD_BYTES


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    response.headers["traceparent"] = g.traceparent
    rate_limits.add_fields(response)
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    seconds = time.monotonic() - g.started
    route = str(request.url_rule or "none")
    request_metrics.count(request.method, route, response.status_code, seconds)
    if route != "/livez":
        _log_access(route, response, seconds)
    return response


def _log_access(route: str, response: Response, seconds: float) -> None:
    """One line per request: who, what, how long, under which trace. Never the query, the body or a token."""
    principal = g.get("principal")
    log.info(
        "request",
        method=request.method,
        route=route,
        status=response.status_code,
        ms=round(seconds * 1000, 1),
        client=principal.client_id if principal else None,
        trace_id=g.trace_id,
        request_id=g.request_id,
        problem=g.get("problem_code"),
    )
