"""The folders of a local stack, and the account its servers run as.

Every checkout has its own ``.state``; a stack of tests has ``.state/test``. When root starts it, servers run as the system
user ``youthcity``; where that user cannot reach the checkout (a home folder of mode 700), the data lies under
``/var/lib/youthcity`` and ``.state`` links there.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.packages import ROOT, say

SERVER_USER = "youthcity"
ELSEWHERE = Path("/var/lib/youthcity")


@dataclass(frozen=True)
class Place:
    """One stack: its folder, its data folder, whether it only serves tests, and the account its servers run as."""

    state: Path
    data: Path
    is_test: bool
    account: pwd.struct_passwd | None
    """None when the caller is not root; servers then run as the caller."""

    @property
    def tag(self) -> str:
        """A name that differs from checkout to checkout, for its servers."""
        return _tag(self.state)

    def as_server(self) -> dict[str, Any]:
        """Arguments for subprocess that make a child run as the servers' account."""
        if self.account is None:
            return {}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}

    def folder(self, path: Path) -> Path:
        """Make a folder that only the servers' account can read."""
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)
        self._give(path)
        return path

    def file(self, path: Path, content: str) -> Path:
        """Write a file that only the servers' account can read."""
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text(content)
        self._give(path)
        return path

    def _give(self, path: Path) -> None:
        if self.account is not None:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    @contextmanager
    def locked(self, what: str) -> Iterator[None]:
        """Hold the lock of this checkout; a second caller prints that it waits for `what`, and waits."""
        with open(self.state / "lock", "w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"waiting for {what} in this checkout")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield


def place(*, is_test: bool = False, root: Path = ROOT) -> Place:
    """The stack of the checkout at `root`; makes its folders. Exits where they belong to another user."""
    state = root / ".state" / "test" if is_test else root / ".state"
    state.mkdir(parents=True, exist_ok=True)
    data = state / "data"
    if data.is_symlink():
        data = Path(os.readlink(data))
    elif not data.exists() and os.geteuid() == 0 and not _is_reachable(state):
        _open_folder(ELSEWHERE)
        data.symlink_to(ELSEWHERE / _tag(state))
        data = ELSEWHERE / _tag(state)
    if not os.access(data if data.exists() else state, os.W_OK):
        sys.exit(f"{data} belongs to another user: type the command as that user, or as root.")
    _open_folder(data)
    return Place(state=state, data=data, is_test=is_test, account=_account(data))


def existing_place(*, root: Path = ROOT) -> Place:
    """The stack of the checkout at `root`, without making anything: its folders may be missing."""
    state = root / ".state"
    data = state / "data"
    return Place(state, Path(os.readlink(data)) if data.is_symlink() else data, is_test=False, account=None)


def _open_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if folder.stat().st_uid == os.geteuid():
        folder.chmod(0o755)


def _is_reachable(folder: Path) -> bool:
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents))


def _tag(state: Path) -> str:
    return hashlib.sha256(str(state).encode()).hexdigest()[:8]


def _account(data: Path) -> pwd.struct_passwd | None:
    """The owner of an existing cluster; else the system user, created when it is missing."""
    if os.geteuid() != 0:
        return None
    cluster = data / "postgres"
    if cluster.exists() and cluster.stat().st_uid != 0:
        return pwd.getpwuid(cluster.stat().st_uid)
    try:
        return pwd.getpwnam(SERVER_USER)
    except KeyError:
        options = ["--system", "--user-group", "--no-create-home", "--home-dir", str(ELSEWHERE)]
        program = "/usr/sbin/useradd" if Path("/usr/sbin/useradd").exists() else "useradd"
        subprocess.run([program, *options, "--shell", "/usr/sbin/nologin", SERVER_USER], check=True)
        return pwd.getpwnam(SERVER_USER)
