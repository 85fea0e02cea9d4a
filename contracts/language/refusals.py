"""How a service says no: a class with a stable code and a kind, carried over the broker as data.

Lives here: the base class, its form on the wire, and the refusal of a malformed request. Not here: any other refusal;
each is defined in the module that raises it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

from marshmallow import ValidationError

from contracts.language.schema import violations

Kind = Literal[
    "invalid",
    "not_found",
    "conflict",
    "forbidden",
    "gone",
    "unavailable",
    "precondition_failed",
    "unprocessable",
    "too_large",
]
KINDS: tuple[str, ...] = get_args(Kind)


class Refusal(Exception):
    """A no with a reason. Subclasses set `kind`, `code` (``<service>.<what_is_wrong>``) and the text in both languages.

    `zh` and `en` are ``str.format`` templates over `params`; params are plain JSON and never personal data. `errors` are
    violations as ``contracts.language.schema.violations`` lists them; `retry_after` is in seconds.
    """

    kind: Kind = "invalid"
    code: str
    zh: str
    en: str

    def __init__(
        self, *, errors: list[dict[str, str]] | None = None, retry_after: int | None = None, **params: Any
    ) -> None:
        self.errors = errors or []
        self.retry_after = retry_after
        self.params = params
        super().__init__(self.code)

    def __str__(self) -> str:
        return f"{self.code}: {self.en_text()}"

    def zh_text(self) -> str:
        """The reason in Chinese."""
        return _fill(self.zh, self.params)

    def en_text(self) -> str:
        """The reason in English."""
        return _fill(self.en, self.params)

    def to_wire(self) -> dict[str, Any]:
        """The refusal as plain JSON, its texts filled in."""
        return {
            "code": self.code,
            "kind": self.kind,
            "zh": self.zh_text(),
            "en": self.en_text(),
            "errors": self.errors,
            "retry_after": self.retry_after,
            "params": self.params,
        }

    @staticmethod
    def from_wire(data: Mapping[str, Any]) -> Refusal:
        """The refusal `to_wire` made, without its class: identified by `code` and `kind`. Raises ValueError for anything else."""
        kind, code = data.get("kind"), data.get("code")
        if kind not in KINDS or not isinstance(code, str) or not code:
            raise ValueError(f"not a refusal: kind {kind!r}, code {code!r}")
        return _Received(data)


class _Received(Refusal):
    """A refusal that came over the broker; its texts are already filled in."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.kind = data["kind"]
        self.code = data["code"]
        self.zh = str(data.get("zh") or self.code)
        self.en = str(data.get("en") or self.code)
        super().__init__(errors=list(data.get("errors") or []), retry_after=data.get("retry_after"))
        self.params = dict(data.get("params") or {})

    def zh_text(self) -> str:
        return self.zh

    def en_text(self) -> str:
        return self.en


class Invalid(Refusal):
    """The request does not have the shape its schema asks for; `errors` says where."""

    kind = "invalid"
    code = "invalid_request"
    zh = "请求内容不符合要求。"
    en = "The request is not valid."

    @classmethod
    def of(cls, error: ValidationError) -> Invalid:
        """The refusal for a failed load."""
        return cls(errors=violations(error))


def _fill(template: str, params: Mapping[str, Any]) -> str:
    return template.format(**params) if params else template
