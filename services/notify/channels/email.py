"""E-mail (电子邮件) by SMTP (RFC 5321): one connection for a batch, every kind of reply distinguished.

The server has a mail when it answers 250 to the whole of it. A refusal of the recipient or the content by 5xx is final; 4xx,
a refusal of ourselves, or a connection lost before the content means it has not; a connection lost after that means an unknown
outcome. The Message-ID is that of the delivery: a mail sent again by a clerk bears the same one.

The domain of an address is written in IDNA. What stands before the @ goes out as it is: where that is not ASCII and the server
does not offer SMTPUTF8 (RFC 6531), the delivery has failed with the reason ``smtputf8_not_offered``.

With ``smtps`` and ``smtp+starttls`` the server's certificate is verified, and a password is sent to no other machine without.
Nothing goes out until that is mended: the reason of every postponed delivery says what is wrong.
"""

from __future__ import annotations

import base64
import contextlib
import logging
import smtplib
import ssl
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.header import Header
from email.utils import format_datetime, parseaddr
from pathlib import Path
from urllib.parse import unquote, urlsplit

from chassis.ground import clock, tls
from services.notify.channels import Call, Contact, Outgoing, mailboxes
from services.notify.channels.masking import mask_email

log = logging.getLogger(__name__)

SCHEMES = ("smtp", "smtp+starttls", "smtps")
#: Of the envelope, where an address is not ASCII: so the mail is UTF-8 in its headers too.
_UTF8 = ("SMTPUTF8", "BODY=8BITMIME")
_BROKEN = (OSError, smtplib.SMTPException)


@dataclass(frozen=True)
class SmtpSettings:
    """Where mails are handed in and in whose name."""

    url: str = field(repr=False)
    sender: str
    timeout_seconds: float
    ca_file: Path | None = None
    """Whose certificates are accepted; None for the system's CAs."""


class PasswordInTheClear(smtplib.SMTPException):
    """The address has a password for another machine, and no TLS."""


class EmailChannel:
    """Open where an SMTP server is named."""

    name = "email"
    needs_contacts = True

    def __init__(self, settings: SmtpSettings) -> None:
        self.settings = settings

    def address_of(self, contact: Contact) -> str | None:
        """The person's e-mail address."""
        return contact.email

    def mask(self, address: str) -> str:
        """First character and domain."""
        return mask_email(address)

    @contextlib.contextmanager
    def line(self) -> Iterator[SmtpLine]:
        """One SMTP connection, made at the first mail and made anew where it broke."""
        opened = SmtpLine(self.settings)
        try:
            yield opened
        finally:
            opened.close()


class SmtpLine:
    """One connection to the SMTP server."""

    def __init__(self, settings: SmtpSettings) -> None:
        self.is_down = False
        self._why_down = "smtp_not_reached"
        self._settings = settings
        name, address = parseaddr(settings.sender)
        self._from = mailboxes.mailbox("From", name, address)
        self._domain = address.rpartition("@")[2]
        self._smtp: smtplib.SMTP | None = None

    def deliver(self, batch: Sequence[Outgoing], *, until: float) -> list[Call]:
        """Hand in a mail for each outgoing message, one after the other."""
        calls = []
        for outgoing in batch:
            if time.monotonic() > until:
                calls.append(Call(outgoing.delivery_id, "not_called"))
            else:
                outcome, reason = self._send(outgoing)
                calls.append(Call(outgoing.delivery_id, outcome, reason))
        return calls

    def _send(self, outgoing: Outgoing) -> tuple[str, str | None]:
        try:
            address = mailboxes.address_of(outgoing.address)
            content = self._written(outgoing, address)
        except ValueError:  # the address cannot stand in a mail
            return "refused", "bad_address"
        if (smtp := self._connected()) is None:
            return "postponed", self._why_down
        if not address.isascii() and not smtp.has_extn("smtputf8"):
            return "refused", "smtputf8_not_offered"
        try:
            wrong = self._offer(smtp, address)
        except _BROKEN:
            self.close()
            return "postponed", "connection_lost"
        if wrong is not None:
            return self._given_up(smtp, *wrong)
        try:
            smtp.send(content)
            code, _ = smtp.getreply()
        except _BROKEN:
            self.close()
            return "lost", "connection_lost"
        return ("accepted", None) if code == 250 else self._given_up(smtp, _of(code), code)

    def _offer(self, smtp: smtplib.SMTP, address: str) -> tuple[str, int] | None:
        """Sender, recipient, DATA; what the server's no means, None where it waits for the content."""
        smtp.command_encoding = "ascii"  # the option below makes it UTF-8, and it would stay so
        code, _ = smtp.mail(self._settings.sender, () if address.isascii() else _UTF8)
        if code != 250:
            return "postponed", code  # it is us it does not want: no fault of the recipient's
        code, _ = smtp.rcpt(address)
        if code not in (250, 251):
            return _of(code), code
        code, _ = smtp.docmd("DATA")
        return None if code == 354 else (_of(code), code)

    def _given_up(self, smtp: smtplib.SMTP, outcome: str, code: int) -> tuple[str, str]:
        try:
            if code == 421 or smtp.rset()[0] != 250:
                self.close()
        except _BROKEN:
            self.close()
        return outcome, f"smtp_{code}"

    def _written(self, outgoing: Outgoing, address: str) -> bytes:
        """The mail as it stands on the wire, its last line included. ValueError for a name that cannot stand in it.

        Written out by hand: ``email.message`` takes as long as all the rest of a delivery together. Nothing here can begin
        with a dot or hold a line break of its own: text is encoded (RFC 2047, base64), the rest is checked.
        """
        headers = (
            ("From", self._from),
            ("To", mailboxes.mailbox("To", outgoing.name, address)),
            ("Subject", Header(outgoing.subject, "utf-8", header_name="Subject").encode(linesep="\r\n")),
            ("Date", format_datetime(clock.now())),
            ("Message-ID", f"<{outgoing.delivery_id}@{self._domain}>"),
            ("Auto-Submitted", "auto-generated"),
            ("MIME-Version", "1.0"),
            ("Content-Type", 'text/plain; charset="utf-8"'),
            ("Content-Transfer-Encoding", "base64"),
            ("Content-Language", outgoing.language),
        )
        head = "".join(f"{name}: {value}\r\n" for name, value in headers).encode()
        return head + b"\r\n" + base64.encodebytes(outgoing.body.encode()).replace(b"\n", b"\r\n") + b".\r\n"

    # -- connection

    def _connected(self) -> smtplib.SMTP | None:
        """The connection; None where the server is not reached, for the rest of this line's life."""
        if self._smtp is None and not self.is_down:
            try:
                self._smtp = _connect(self._settings)
            except _BROKEN as error:
                self.is_down, self._why_down = True, _why(error)
                log.warning("the SMTP server is not used: %s (%s)", self._why_down, type(error).__name__)
        return self._smtp

    def close(self) -> None:
        """End the connection, politely where it still is one."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with contextlib.suppress(*_BROKEN):
                smtp.quit()
            smtp.close()


def _of(code: int) -> str:
    return "refused" if 500 <= code < 600 else "postponed"


def _why(error: BaseException) -> str:
    """The reason of a delivery that waits for the server."""
    if isinstance(error, PasswordInTheClear):
        return "smtp_password_in_the_clear"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "smtp_certificate_not_accepted"
    if isinstance(error, ssl.SSLError | smtplib.SMTPNotSupportedError):
        return "smtp_without_tls"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "smtp_login_refused"
    return "smtp_not_reached"


def _connect(settings: SmtpSettings) -> smtplib.SMTP:
    url = urlsplit(settings.url)
    host, port = url.hostname or "", url.port or 0
    if url.username and url.scheme == "smtp" and not tls.is_loopback(host):
        raise PasswordInTheClear
    smtp: smtplib.SMTP
    if url.scheme == "smtps":
        context = tls.verifying(settings.ca_file)
        smtp = smtplib.SMTP_SSL(host, port, timeout=settings.timeout_seconds, context=context)
    else:
        smtp = smtplib.SMTP(host, port, timeout=settings.timeout_seconds)
    try:
        if url.scheme == "smtp+starttls":
            smtp.starttls(context=tls.verifying(settings.ca_file))
        smtp.ehlo_or_helo_if_needed()
        if url.username:
            smtp.login(unquote(url.username), unquote(url.password or ""))
    except BaseException:
        smtp.close()
        raise
    return smtp
