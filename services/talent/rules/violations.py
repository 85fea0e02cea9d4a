"""What a rule answers when a value breaks it: a stable code and the reason in Chinese and English, never the value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong with one field. Safe to store, list and log: it holds nothing of what was given."""

    field: str
    code: str
    zh: str
    en: str

    def to_error(self) -> dict[str, str]:
        """The violation as a refusal lists it; the pointer is RFC 6901, as a fragment."""
        return {"pointer": f"#/{self.field}", "code": self.code, "zh": self.zh, "en": self.en}
