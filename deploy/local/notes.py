"""Ports and passwords that a stack keeps between starts, in a JSON file of mode 0600 beside the data."""

from __future__ import annotations

import json
import secrets
import socket
from pathlib import Path
from typing import Any

#: Below the range the kernel hands out to clients.
FIRST_PORT, PORTS = 20_000, 12_000


class Notes:
    """The notes of one stack."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._notes: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    def port(self, name: str) -> int:
        """The port kept under `name`; chosen by the first call."""
        kept = self._notes.get(f"port.{name}")
        return int(kept) if kept else self._new_port(name)

    def free_port(self, name: str) -> int:
        """As `port`, for a server about to start; chooses another port where some other program has taken the first."""
        kept = self.port(name)
        return kept if port_is_free(kept) else self._new_port(name)

    def secret(self, name: str) -> str:
        """The password kept under `name`; made by the first call."""
        kept = self._notes.get(f"secret.{name}")
        return str(kept) if kept else str(self._keep(f"secret.{name}", secrets.token_hex(16)))

    def kept(self, key: str) -> Any:
        """The value kept under `key` ("port.amqp", "secret.postgres"), or None; chooses and writes nothing."""
        return self._notes.get(key)

    def _new_port(self, name: str) -> int:
        taken = {value for key, value in self._notes.items() if key.startswith("port.")}
        for _ in range(500):
            port = FIRST_PORT + secrets.randbelow(PORTS)
            if port not in taken and port_is_free(port):
                return int(self._keep(f"port.{name}", port))
        raise SystemExit("No free port found.")

    def _keep(self, name: str, value: Any) -> Any:
        self._notes[name] = value
        written = self._path.with_suffix(".new")
        written.touch(mode=0o600)
        written.write_text(json.dumps(self._notes, indent=1))
        written.replace(self._path)
        return value


def port_is_free(port: int) -> bool:
    """Whether a server could listen on the port."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether a server accepts connections on the port."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0
