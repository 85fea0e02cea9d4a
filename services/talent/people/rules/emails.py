"""The law of e-mail addresses: what is accepted, and one spelling of it."""

from __future__ import annotations

import re

from contracts.language.violations import Violation
from services.talent.rules.writing import visible

LONGEST = 254
"""Octets of an address that can be sent to: RFC 5321, 4.5.3.1.3, less the two angle brackets."""

# RFC 5322 dot-atom before the @ (at most 64, RFC 5321 4.5.3.1.1); host names after it (RFC 1123 2.1)
_LOCAL = r"(?=.{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"({_LOCAL})@((?:{_LABEL}\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9])")


def read_email(text: str) -> str | Violation:
    """The address with its domain in lower case; full-width letters and invisible characters are put right."""
    written = visible(text)
    found = _ADDRESS.fullmatch(written)
    if found is not None and len(written) <= LONGEST:
        return f"{found[1]}@{found[2].lower()}"
    return Violation(
        "email",
        "email_malformed",
        "电子邮箱无效：应形如 name@example.com。",
        "Not an e-mail address: give one like name@example.com.",
    )
