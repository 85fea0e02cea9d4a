"""What Flask and Werkzeug raise themselves, and unforeseen failures, as problems like every other.

Not here: what gunicorn refuses before there is a request (``worker``: no HTTP, an address or header fields too long).
"""

from __future__ import annotations

import logging

from flask import Flask, Response, request
from gunicorn.http.errors import NoMoreData, ParseException
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from contracts.language.refusals import Refusal
from gateway.calls.backend import InternalError
from gateway.http import problems
from gateway.http.problems import Problem
from gateway.serving import body_limits

log = logging.getLogger(__name__)

#: status → code and detail, in Chinese and English.
_FRAMEWORK: dict[int, tuple[str, str, str]] = {
    400: ("malformed_request", "请求无法解析。", "The request cannot be read."),
    404: ("route_not_found", "没有这个地址。", "There is nothing at this address."),
    405: ("method_not_allowed", "此地址不支持该方法。", "This address does not take this method."),
    413: ("content_too_large", "请求内容过大。", "The request is too large."),
}


def register(app: Flask) -> None:
    """Make every error of the application a problem document."""
    app.register_error_handler(Problem, problems.of_problem)
    app.register_error_handler(Refusal, problems.of_refusal)
    app.register_error_handler(HTTPException, _of_framework)
    app.register_error_handler(OperationalError, _of_the_database)
    app.register_error_handler(ParseException, _of_a_broken_body)
    app.register_error_handler(NoMoreData, _of_a_broken_body)
    app.register_error_handler(Exception, _of_the_unforeseen)


def _of_framework(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return error.get_response(request.environ)  # type: ignore[return-value]
    if status == 413:
        body_limits.discard_body()
    code, zh, en = _FRAMEWORK.get(status, ("request_refused", "请求被拒绝。", "The request was refused."))
    response = problems.respond(status, code, (zh, en))
    valid = getattr(error, "valid_methods", None)
    if valid:
        response.headers["Allow"] = ", ".join(sorted(valid))
    return response


def _of_a_broken_body(error: Exception) -> Response:
    """The chunks of the body are no chunks, or end before the body does."""
    code, zh, en = _FRAMEWORK[400]
    response = problems.respond(400, code, (zh, en))
    response.headers["Connection"] = "close"
    return response


def _of_the_database(error: OperationalError) -> Response:
    log.error("the gateway's database is away: %s", type(error.orig).__name__)
    texts = (
        "网关数据库暂时不可用，请稍后重试。",
        "The gateway's database is not available right now. Try again shortly.",
    )
    return problems.respond(503, "database_unavailable", texts)


def _of_the_unforeseen(error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url_rule or "?", exc_info=error)
    return problems.of_problem(InternalError())
