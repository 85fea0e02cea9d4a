"""How a mailbox stands in an envelope and in a mail: the name encoded and folded (RFC 2047), the domain in IDNA (RFC 5891).

A name is never longer than a line of 76 characters allows: it is written in as many encoded words as it takes. What stands before
the @ is the recipient's server's: where it is not ASCII, it is sent as it is, which takes SMTPUTF8 (RFC 6531).
"""

from __future__ import annotations

import re
import unicodedata
from email.header import Header
from email.utils import formataddr

import idna

#: Of a line with an encoded word (RFC 2047, 2).
LONGEST_LINE = 76
#: Octets of an address and of what stands before the @ (RFC 5321, 4.5.3.1).
_LONGEST_ADDRESS, _LONGEST_LOCAL = 254, 64
#: What may stand in an envelope without quoting (RFC 5321, Mailbox, less quoted strings), beside what is not ASCII.
_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]+")
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def address_of(written: str) -> str:
    """The address as the envelope has it, its domain in ASCII; what stands before the @ may be other than ASCII.

    Raises ValueError where it is no address that could be sent to.
    """
    local, at, domain = written.rpartition("@")
    local = unicodedata.normalize("NFC", local)
    if not at or not _LOCAL.fullmatch(local) or any(unicodedata.category(char)[0] in "ZC" for char in local):
        raise ValueError("not an address")
    if not domain.isascii():
        domain = idna.encode(domain, uts46=True, std3_rules=True).decode("ascii")
    if not _DOMAIN.fullmatch(domain):
        raise ValueError("not a domain")
    address = f"{local}@{domain}"
    if len(local.encode()) > _LONGEST_LOCAL or len(address.encode()) > _LONGEST_ADDRESS:
        raise ValueError("too long")
    return address


def mailbox(header: str, name: str, address: str) -> str:
    """The value of a header of one mailbox, folded. `address` is as ``address_of`` has it. Raises ValueError for a name with
    control characters.
    """
    if _CONTROL.search(name):
        raise ValueError("a control character in the name")
    room = LONGEST_LINE - len(f"{header}: ")
    plain = formataddr((name, address), charset="utf-8") if name.isascii() and "=?" not in name else None
    if plain is not None and len(plain) <= room:
        return plain
    if not name:
        return address
    phrase = Header(name, "utf-8", maxlinelen=LONGEST_LINE, header_name=header).encode(linesep="\r\n")
    _, folded, last = phrase.rpartition("\r\n")
    used = len(last) + (0 if folded else len(f"{header}: "))
    space = " " if used + len(f" <{address}>") <= LONGEST_LINE else "\r\n "
    return f"{phrase}{space}<{address}>"
