"""Logs: one JSON object a line on standard output, with trace and request id, and without personal data.

Lives here: structlog's set-up and the redaction every line passes. Redaction is the last net; nothing should log such
values in the first place.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from chassis.ground import tracing

#: Characters of one value that are looked at and logged.
LONGEST = 16_384
#: A number or an address that the cut went through: half of it would not be recognised.
_CUT_THROUGH = re.compile(r"[\w.+@-]{1,128}\Z")
# Each starts at the beginning of a word and takes it whole, so that no character is looked at more than a few times.
_PATTERNS = (
    # PostgreSQL repeats the row that broke a constraint, names and all
    (re.compile(r"DETAIL:.*?(?=\n(?:HINT|CONTEXT|QUERY):|\n\[|\Z)", re.DOTALL), "DETAIL: [hidden]"),
    (re.compile(r"(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])"), "[id number]"),
    (re.compile(r"(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)"), "[phone]"),
    (re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]++\.[\w.-]++"), "[e-mail]"),
    (re.compile(r"(?i)\bbearer\s{1,8}[\w.~+/=-]++"), "Bearer [token]"),
    (re.compile(r"(?<![\w-])eyJ[\w-]{8,}+\.[\w-]++\.[\w-]*+"), "[token]"),
    (re.compile(r"(?<=://)([^/:@\s]+):[^@/\s]+(?=@)"), r"\1:[password]"),
)
_SECRET_NAMES = re.compile(r"(?i)secret|token|password|passwd|authorization|cookie|id_number|phone|^pass$|private")


def redact(text: str) -> str:
    """The text, cut to LONGEST characters, with ID numbers, mobile phones, e-mail addresses, tokens and passwords blotted out."""
    if len(text) > LONGEST:
        kept = text[:LONGEST]
        text = f"{kept[:-128]}{_CUT_THROUGH.sub('', kept[-128:])}… [{len(text)} characters]"
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def _redact_line(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: "[redacted]" if _SECRET_NAMES.search(name) else _redacted(value) for name, value in line.items()}


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {
            redact(str(name)): "[redacted]" if _SECRET_NAMES.search(str(name)) else _redacted(inner)
            for name, inner in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_redacted(inner) for inner in value]
    redacted = redact(str(value))
    return value if isinstance(value, (int, float, type(None))) and redacted == str(value) else redacted


def configure(*, service: str, level: int = logging.INFO, to: TextIO | None = None) -> None:
    """Send every logger of the process, ours and the libraries', through one JSON renderer; to standard output by default."""
    shared: list[Any] = [
        tracing.name_in_log,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            lambda logger, method, line: {**line, "service": service},
            _redact_line,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    handler = logging.StreamHandler(to or sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("amqp", "nameko", "alembic.runtime.plugins"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
