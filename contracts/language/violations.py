"""What is wrong with one field, as a rule reports it: a stable code and the reason in two languages, never the value.

Standard library only, so that rules may use it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong with one field. Safe to store, list and log: it holds nothing of the value."""

    field: str
    code: str
    zh: str
    en: str

    def to_error(self) -> dict[str, str]:
        """The violation as a refusal lists it; the pointer is RFC 6901, as a fragment."""
        return {"pointer": f"#/{self.field}", "code": self.code, "zh": self.zh, "en": self.en}
