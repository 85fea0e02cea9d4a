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


class MalformedRequest(Problem):
    """What arrived is not HTTP as it should be."""

    status = 400
    code = "malformed_request"
    zh = "请求不符合 HTTP 规范，无法解析。"
    en = "The request cannot be read."


class RouteNotFound(Problem):
    """No route has this address."""

    status = 404
    code = "route_not_found"
    zh = "没有这个地址。"
    en = "There is nothing at this address."


class MethodNotAllowed(Problem):
    """The address takes other methods."""

    status = 405
    code = "method_not_allowed"
    zh = "此地址不支持该方法。"
    en = "This address does not take this method."


class ContentTooLarge(Problem):
    """The body is larger than this operation reads."""

    status = 413
    code = "content_too_large"
    zh = "请求内容过大。"
    en = "The request is too large."


class RequestRefused(Problem):
    """Whatever else the framework refuses; the answer has the framework's status."""

    status = 400
    code = "request_refused"
    zh = "请求被拒绝。"
    en = "The request was refused."


class DatabaseUnavailable(Problem):
    """The gateway's own database does not answer."""

    status = 503
    code = "database_unavailable"
    zh = "网关数据库暂时不可用，请稍后重试。"
    en = "The gateway's database is not available right now. Try again shortly."


_FRAMEWORK: dict[int, type[Problem]] = {
    one.status: one for one in (MalformedRequest, RouteNotFound, MethodNotAllowed, ContentTooLarge)
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
    refused = _FRAMEWORK.get(status, RequestRefused)
    response = problems.respond(status, refused.code, refused().texts())
    valid = getattr(error, "valid_methods", None)
    if valid:
        response.headers["Allow"] = ", ".join(sorted(valid))
    return response


def _of_a_broken_body(error: Exception) -> Response:
    """The chunks of the body are no chunks, or end before the body does."""
    response = problems.of_problem(MalformedRequest())
    response.headers["Connection"] = "close"
    return response


def _of_the_database(error: OperationalError) -> Response:
    log.error("the gateway's database is away: %s", type(error.orig).__name__)
    return problems.of_problem(DatabaseUnavailable())


def _of_the_unforeseen(error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url_rule or "?", exc_info=error)
    return problems.of_problem(InternalError())
