"""The law of e-mail addresses: what is accepted, and one spelling of it."""

from __future__ import annotations

import re

from contracts.language.violations import Violation
from services.talent.rules.writing import visible

LONGEST = 254
"""Octets of an address that can be sent to: RFC 5321, 4.5.3.1.3, less the two angle brackets."""

#: What IDNA of 2003, which Python has, and that of 2008 write differently: another domain, so it is not guessed at.
_DEVIATING = ("ß", "ς")
# RFC 5322 dot-atom before the @ (at most 64, RFC 5321 4.5.3.1.1); host names after it (RFC 1123 2.1)
_LOCAL = r"(?=.{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"({_LOCAL})@((?:{_LABEL}\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9])")


def read_email(text: str) -> str | Violation:
    """The address with its domain in lower case and in ASCII (IDNA); full-width letters and invisible characters are put right.

    What stands before the @ is ASCII: a mail to anything else takes SMTPUTF8 (RFC 6531) of every server on its way.
    """
    written = _with_ascii_domain(visible(text))
    found = _ADDRESS.fullmatch(written)
    if found is not None and len(written) <= LONGEST:
        return f"{found[1]}@{found[2].lower()}"
    return Violation(
        "email",
        "email_malformed",
        "电子邮箱无效：应形如 name@example.com。",
        "Not an e-mail address: give one like name@example.com.",
    )


def _with_ascii_domain(address: str) -> str:
    local, at, domain = address.rpartition("@")
    if domain.isascii() or len(address) > LONGEST or any(one in domain for one in _DEVIATING):
        return address
    try:
        return f"{local}{at}{domain.encode('idna').decode()}"
    except UnicodeError:
        return address
