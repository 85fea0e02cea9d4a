"""Where a local stack keeps its things, and as whom its servers run.

Every checkout has its own ``.state``; a stack of tests has ``.state/test``. When root starts it, servers run as the system
user ``youthcity``; where that user cannot reach the checkout (a home folder of mode 700), the data lies under
``/var/lib/youthcity`` and ``.state`` links there.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import secrets
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SERVER_USER = "youthcity"


@dataclass(frozen=True)
class Place:
    """One stack: its folder, its data folder, and whether it only serves tests."""

    state: Path
    data: Path
    is_test: bool

    @property
    def tag(self) -> str:
        """Tells this checkout's servers from another's."""
        return hashlib.sha256(str(self.state).encode()).hexdigest()[:8]


def place(*, is_test: bool = False) -> Place:
    """The stack of this checkout; makes its folders."""
    state = ROOT / ".state" / "test" if is_test else ROOT / ".state"
    state.mkdir(parents=True, exist_ok=True)
    data = state / "data"
    if os.geteuid() == 0 and not _is_reachable(state):
        elsewhere = Path("/var/lib/youthcity") / hashlib.sha256(str(state).encode()).hexdigest()[:8]
        elsewhere.mkdir(parents=True, exist_ok=True)
        if not data.is_symlink():
            data.symlink_to(elsewhere)
        data = elsewhere
    data.mkdir(exist_ok=True)
    os.chmod(data, 0o755)
    return Place(state=state, data=data, is_test=is_test)


def _is_reachable(folder: Path) -> bool:
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents))


def server_user() -> pwd.struct_passwd | None:
    """The account the servers run as; None when the caller is not root and they run as themselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SERVER_USER)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVER_USER]
        subprocess.run(command, check=True)
        return pwd.getpwnam(SERVER_USER)


def as_server_user() -> dict[str, Any]:
    """Arguments for subprocess that make a child run as the servers' account."""
    user = server_user()
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def own(folder: Path) -> None:
    """Make `folder` and give it to the servers' account."""
    folder.mkdir(parents=True, exist_ok=True)
    user = server_user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)


class Notes:
    """What a stack remembers between starts, as one JSON file of mode 0600: ports and passwords."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._notes: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    def port(self, name: str, *, is_free: bool = True) -> int:
        """The port kept under `name`; a new one where there is none, or where a stranger took it meanwhile."""
        kept = self._notes.get(f"port.{name}")
        if kept is None or (is_free and not port_is_free(kept)):
            kept = self._keep(f"port.{name}", free_port())
        return int(kept)

    def secret(self, name: str) -> str:
        """The password kept under `name`, made at the first asking."""
        kept = self._notes.get(f"secret.{name}")
        return str(kept) if kept else str(self._keep(f"secret.{name}", secrets.token_hex(16)))

    def _keep(self, name: str, value: Any) -> Any:
        self._notes[name] = value
        self._path.touch(mode=0o600)
        self._path.write_text(json.dumps(self._notes, indent=1))
        return value


def free_port() -> int:
    """A TCP port nobody listens on, below the range the kernel hands out to clients."""
    for _ in range(200):
        port = 20_000 + secrets.randbelow(12_000)
        if port_is_free(port):
            return port
    raise RuntimeError("no free port found")


def port_is_free(port: int) -> bool:
    """Whether a server could listen there."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether somebody accepts connections there."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0
