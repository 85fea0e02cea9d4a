"""What is refused before there is a request: gunicorn could not read it as HTTP, or it came too slowly.

Imported when a worker refuses, not when it starts (``worker``).
"""

from __future__ import annotations

from gunicorn.http import errors

from gateway.calls.backend import InternalError
from gateway.http.framework_problems import MalformedRequest
from gateway.http.problems import Problem
from gateway.serving import connections


class HeadTooSlow(Problem):
    """The head of the request did not arrive in time."""

    status = 408
    code = "head_too_slow"
    zh = "请求头在 {seconds:g} 秒内未发送完毕。"
    en = "The request's head did not arrive within {seconds:g} seconds."


class UriTooLong(Problem):
    """The request line is longer than we read."""

    status = 414
    code = "uri_too_long"
    zh = "地址过长。"
    en = "The address is too long."


class HeadersTooLarge(Problem):
    """There are too many header fields, or one is too long."""

    status = 431
    code = "headers_too_large"
    zh = "请求头过大。"
    en = "The header fields are too large."


class ExpectationFailed(Problem):
    """An Expect other than 100-continue."""

    status = 417
    code = "expectation_failed"
    zh = "不支持此 Expect 请求头。"
    en = "This Expect is not supported."


class TransferCoding(Problem):
    """A transfer coding other than chunked."""

    status = 501
    code = "transfer_coding"
    zh = "不支持此传输编码。"
    en = "This transfer coding is not supported."


_REFUSALS: dict[type[BaseException], type[Problem]] = {
    errors.LimitRequestLine: UriTooLong,
    errors.LimitRequestHeaders: HeadersTooLarge,
    errors.ExpectationFailed: ExpectationFailed,
    errors.UnsupportedTransferCoding: TransferCoding,
}
#: What the application itself has written wrong.
_OURS = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)


def refusal_of(error: BaseException) -> Problem:
    """The problem that a failure outside the application is answered with; InternalError where the client is not to blame."""
    if isinstance(error, connections.HeadTooSlow):
        return HeadTooSlow(seconds=connections.HEAD_SECONDS)
    if isinstance(error, errors.ParseException) and not isinstance(error, _OURS):
        return _REFUSALS.get(type(error), MalformedRequest)()
    return InternalError()
