"""TLS wherever a password travels: how a server's certificate is verified, and which addresses give a password away.

Not here: what a process does about such an address. Mails are not sent (``services.notify.channels.email``); for databases and
the broker a process in prod says so when it starts (ADR 0015).
"""

from __future__ import annotations

import ipaddress
import logging
import ssl
from collections.abc import Collection, Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

log = logging.getLogger(__name__)


def verifying(ca_file: Path | str | None) -> ssl.SSLContext:
    """A context that accepts a server by its name and its certificate alone; issued by a CA of `ca_file`, else of the system.

    Raises OSError where the file is not there, or holds no certificate.
    """
    return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)


def is_loopback(host: str) -> bool:
    """Whether what is sent to `host` stays on this machine; a name but ``localhost`` may be anywhere."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def exposed(uri: str, private_hosts: Collection[str] = ()) -> str | None:
    """The host to which an AMQP or PostgreSQL address sends its password without verified TLS; None where there is none.

    `private_hosts` are reached over a network that is nobody else's.
    """
    for node in uri.split(";"):
        parts = urlsplit(node)
        query = parse_qs(parts.query)
        hosts = query.get("host", [parts.hostname or ""])
        if not (parts.password or "password" in query) or parts.scheme == "amqps":
            continue
        if not parts.scheme.startswith("amqp") and query.get("sslmode") == ["verify-full"]:
            continue
        for host in hosts:
            # without a host, or with a folder for one, PostgreSQL is on a Unix socket
            if host and not host.startswith("/") and not is_loopback(host) and host not in private_hosts:
                return host
    return None


def warn_of_exposed(uris: Mapping[str, str], private_hosts: Collection[str]) -> None:
    """Say for each address, by the name of its variable, that its password can be read on the way."""
    for name, uri in uris.items():
        if (host := exposed(uri, private_hosts)) is not None:
            log.warning(
                "%s sends its password to %s without verified TLS: use amqps://…, or sslmode=verify-full for PostgreSQL;"
                " or name the host in PRIVATE_HOSTS if the network to it is nobody else's",
                name,
                host,
            )
