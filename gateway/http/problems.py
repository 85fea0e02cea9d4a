"""Refusals on their way out: RFC 9457 ``application/problem+json`` in Chinese or English.

Lives here: the shape, and the HTTP status of each kind of refusal. Not here: what is refused and why (the services, and
the gateway module that raises), the pages behind ``type`` (``describing``), what the framework itself raises
(``framework_problems``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from flask import Response, current_app, g, request

from contracts.language.refusals import Refusal
from gateway.http import languages
from gateway.http.languages import Language

#: The HTTP status a refusal of this kind leaves with.
STATUS_OF_KIND: Mapping[str, int] = {
    "invalid": 422,
    "unprocessable": 422,
    "not_found": 404,
    "conflict": 409,
    "forbidden": 403,
    "gone": 410,
    "precondition_failed": 412,
    "too_large": 413,
    "unavailable": 503,
}

#: Short, unchanging titles per status (RFC 9457: the title does not change from occurrence to occurrence).
TITLES: Mapping[int, tuple[str, str]] = {
    400: ("请求格式有误", "Malformed request"),
    401: ("需要有效的访问令牌", "A valid access token is needed"),
    403: ("无权执行此操作", "Not allowed"),
    404: ("没有找到", "Not found"),
    405: ("此地址不支持该方法", "Method not allowed"),
    408: ("请求发送超时", "The request took too long to arrive"),
    409: ("与当前状态冲突", "Conflict with the current state"),
    410: ("已失效", "Gone"),
    412: ("版本已变", "The record has changed"),
    413: ("内容过大", "Content too large"),
    414: ("地址过长", "URI too long"),
    415: ("不支持的内容类型", "Unsupported media type"),
    417: ("不支持的预期条件", "Expectation failed"),
    422: ("内容不符合要求", "The content does not hold"),
    428: ("需要带条件的请求", "Precondition required"),
    429: ("请求过于频繁", "Too many requests"),
    431: ("请求头过大", "Header fields too large"),
    500: ("系统内部错误", "Internal error"),
    501: ("未实现", "Not implemented"),
    503: ("服务暂不可用", "Service unavailable"),
    504: ("结果未知", "Outcome unknown"),
}

RETRYABLE_STATUSES = frozenset({408, 429, 503, 504})


class Problem(Exception):
    """A refusal by the gateway itself. Each subclass is defined in the module that raises it and names status and code."""

    status: ClassVar[int]
    code: ClassVar[str]
    zh: ClassVar[str]
    en: ClassVar[str]
    #: Whether the same request may succeed later, unchanged.
    retryable: ClassVar[bool | None] = None
    #: A registered problem type; the page of its code else.
    type: ClassVar[str | None] = None

    def __init__(
        self,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
        **params: object,
    ) -> None:
        super().__init__(self.code)
        self.errors = list(errors)
        self.headers = dict(headers or {})
        #: Further members of the document (RFC 9457, section 3.2).
        self.members = {**({"type": self.type} if self.type else {}), **(members or {})}
        self.params = params

    def texts(self) -> tuple[str, str]:
        """The detail in Chinese and in English."""
        return self.zh.format(**self.params), self.en.format(**self.params)


def of_problem(problem: Problem) -> Response:
    """Answer with a refusal by the gateway."""
    zh, en = problem.texts()
    return respond(
        problem.status,
        problem.code,
        (zh, en),
        errors=problem.errors,
        headers=problem.headers,
        retryable=problem.retryable,
        extra=problem.members,
    )


def of_refusal(refusal: Refusal) -> Response:
    """Answer with a refusal by a service."""
    headers = {}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    current = refusal.params.get("current")
    if refusal.kind == "precondition_failed" and isinstance(current, int):
        headers["ETag"] = f'"v{current}"'
    return respond(
        STATUS_OF_KIND[refusal.kind],
        refusal.code,
        (refusal.zh_text(), refusal.en_text()),
        errors=refusal.errors,
        headers=headers,
        retryable=True if "Retry-After" in headers else None,
    )


def respond(
    status: int,
    code: str,
    detail: tuple[str, str],
    *,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    retryable: bool | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Response:
    """A problem document; `detail` and the entries of `errors` come in both languages and leave in one."""
    language = languages.preferred()
    body: dict[str, Any] = {
        "type": f"{current_app.config['PUBLIC_URL']}/problems/{code}",
        "title": languages.pick(*title_of(status), language),
        "status": status,
        "detail": languages.pick(*detail, language),
        "instance": request.path,
        "code": code,
        "trace_id": g.get("trace_id"),
        "retryable": status in RETRYABLE_STATUSES if retryable is None else retryable,
    }
    if errors:
        body["errors"] = [_localised(error, language) for error in errors]
    body.update(extra or {})
    response = Response(
        json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"),
        status=status,
        mimetype="application/problem+json",
        headers=dict(headers or {}),
    )
    response.headers["Content-Language"] = language
    response.vary.add("Accept-Language")
    if status == 503:
        response.headers.setdefault("Retry-After", "2")
    g.problem_code = code
    return response


def title_of(status: int) -> tuple[str, str]:
    """The unchanging title of a status, in Chinese and English."""
    return TITLES.get(status) or TITLES[500 if status >= 500 else 400]


def _localised(error: Mapping[str, str], language: Language) -> dict[str, str]:
    detail = languages.pick(error.get("zh", ""), error.get("en", ""), language)
    return {"pointer": error.get("pointer", "#"), "code": error.get("code", "invalid"), "detail": detail}
