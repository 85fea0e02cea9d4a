"""The process that listens on a port of this machine, from /proc. Standard library only."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from deploy.local import running

_LISTEN = "0A"
#: Addresses that conflict with 127.0.0.1, as /proc writes them: any, loopback, and both in IPv6.
_NEAR = ("00000000", "0100007F", "0" * 32, "0" * 16 + "FFFF00000100007F")


@dataclass(frozen=True)
class Listener:
    """A listening socket: its owner, and its process where that may be seen."""

    user: str
    pid: int | None

    def __str__(self) -> str:
        if self.pid is None:
            return f"user {self.user}"
        return f"pid {self.pid} ({running.command_of(self.pid).strip()[:80]})"


def listener_on(port: int) -> Listener | None:
    """The listener on `port` of loopback; None where there is none."""
    for table in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            address, _, number = fields[1].partition(":")
            if fields[3] == _LISTEN and int(number, 16) == port and address in _NEAR:
                return Listener(_user(int(fields[7])), _owner(fields[9]))
    return None


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _owner(inode: str) -> int | None:
    """The process that holds the socket; None where this user may not inspect it."""
    wanted = f"socket:[{inode}]"
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            if any(os.readlink(handle) == wanted for handle in (folder / "fd").iterdir()):
                return int(folder.name)
        except OSError:  # gone meanwhile, or another user's
            continue
    return None
