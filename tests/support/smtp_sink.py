"""A real SMTP server that keeps what it is given; the recipient's name decides how it behaves.

``refused@`` gets 550, ``later@`` 451, ``drops@`` a closed connection before the content, ``cut@`` one after it, and ``held@``
an answer only once the test lets go.
"""

from __future__ import annotations

import asyncio
import collections
import email
import email.policy
import ssl
import threading
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from deploy.local.throwaway import free_port


@dataclass(frozen=True)
class Mail:
    """A mail as it arrived: its content was whole, whether or not its sender got an answer."""

    message_id: str
    to: str
    subject: str
    body: str
    headers: dict[str, Any]
    raw: bytes

    @property
    def recipient(self) -> tuple[str, str]:
        """Name and address in the header To, without the blank Python's own reader leaves between two encoded words."""
        written = str(email.message_from_string(self.raw.decode())["To"])
        name, address = parseaddr(written.replace("\r\n", ""))
        return str(make_header(decode_header(name))), address

    @property
    def senders(self) -> tuple[Address, ...]:
        return tuple(self.headers["From"].addresses)


class Sink:
    """The server, in a thread of its own. With `tls` it offers STARTTLS, with `utf8` SMTPUTF8; logins are welcome, and kept."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, utf8: bool = True) -> None:
        self._tls, self._utf8 = tls, utf8
        self.logins: list[bytes] = []
        self.port = free_port()
        self.mails: list[Mail] = []
        self.connections = 0
        self.holding = threading.Event()
        self.let_go = threading.Event()
        self.open()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def open(self) -> None:
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            tls_context=self._tls,
            authenticator=self._login,
            auth_require_tls=False,
            enable_SMTPUTF8=self._utf8,
        )
        self._controller.start()

    def close(self) -> None:
        self.let_go.set()
        self._controller.stop()

    def to(self, address: str) -> list[Mail]:
        return [mail for mail in self.mails if mail.to == address]

    def repeated(self) -> list[str]:
        """Message-IDs that came more than once."""
        counted = collections.Counter(mail.message_id for mail in self.mails)
        return [message_id for message_id, count in counted.items() if count > 1]

    # -- what aiosmtpd calls

    def _login(self, server: Any, session: Any, envelope: Any, mechanism: str, login: Any) -> AuthResult:
        self.logins.append(login.password)
        return AuthResult(success=True)

    async def handle_EHLO(
        self, server: Any, session: Any, envelope: Any, hostname: str, answers: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        return answers

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if address.startswith("refused"):
            return "550 no such user"
        if address.startswith("later"):
            return "451 try again later"
        if address.startswith("drops"):
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        parsed: Any = email.message_from_bytes(envelope.content, policy=email.policy.SMTP)
        (address,) = envelope.rcpt_tos
        self.mails.append(
            Mail(
                parsed["Message-ID"],
                address,
                parsed["Subject"],
                parsed.get_content(),
                dict(parsed.items()),
                envelope.content,
            )
        )
        if address.startswith("cut"):
            server.transport.abort()
        if address.startswith("held"):
            self.holding.set()
            while not self.let_go.is_set():
                await asyncio.sleep(0.02)
        return "250 OK"
