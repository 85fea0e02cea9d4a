"""A checkout of a test's own, and a guide's commands typed in it, in a shell that knows nothing but PATH and HOME.

The copy is as `make up` leaves a checkout: `.state/venv` is there, and `.state/platform.json` describes the platform that runs.
A block is typed below the guide's block named ``shell``, if it has one, which makes every new shell ready. Nothing else is given.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.local.clients import program_folders
from deploy.local.throwaway import ThrowawayPlatform
from tests.architecture import source
from tests.documents import blocks

#: The block of a guide that makes a shell ready for its other blocks.
SHELL = "shell"
#: Looked for in what a guide leaves: whoever reads one of these can log in.
_SECRETS = ("_DATABASE_URL", "_URI", "_API", "_COOKIE")


def bare_environment() -> dict[str, str]:
    """What a new shell has: no path of ours, no setting of ours."""
    ours = str(Path(sys.executable).parent)
    path = os.pathsep.join(one for one in os.environ["PATH"].split(os.pathsep) if one != ours)
    return {"PATH": path, "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8"}


class Checkout:
    """A copy of the repository, new files too."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.secrets = folder, set[str]()
        for path in source.files():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source.ROOT / path, folder / path)
        (folder / ".state").mkdir()
        (folder / ".state" / "venv").symlink_to(sys.prefix)
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
        self._before = {folder / path for path in source.files()}

    def describe(
        self,
        environment: Mapping[str, str],
        *,
        url: str = "http://127.0.0.1:9",
        clients: Mapping[str, Mapping[str, Any]] | None = None,
        listeners: Mapping[str, str] | None = None,
        logs: Path | None = None,
    ) -> None:
        """Write `.state/platform.json`, as `make up` does: commands find the platform by it."""
        nobody = {"demo": {"client_id": "nobody", "client_secret": "nothing", "scopes": []}}
        described = {
            "gateway_url": url,
            "clients": clients or nobody,
            "listeners": listeners or {},
            "environment": dict(environment),
            "logs": str(logs or self.folder / ".state" / "logs"),
            "programs": program_folders(),
        }
        path = self.folder / ".state" / "platform.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(described))
        self.secrets |= {value for name, value in environment.items() if name.endswith(_SECRETS)}
        self.secrets |= {str(client["client_secret"]) for client in (clients or {}).values()}

    def describe_running(self, platform: ThrowawayPlatform, **about: Any) -> None:
        """As `describe`, of a throwaway platform: what its processes have beside the environment of the tests."""
        own = {name: value for name, value in platform.environment.items() if os.environ.get(name) != value}
        own |= {"RABBIT_API": os.environ["TEST_RABBIT_API"]}
        self.describe({**own, **platform.migrating}, url=platform.url, logs=platform.folder, **about)

    def types(self, document: str, name: str, *, seconds: float = 150, **given: str) -> str:
        """Type the blocks of that name; what they print. `given` is what the guide leaves to the reader to fill in."""
        return blocks.output_of(self.script(document, name), self.folder, {**bare_environment(), **given}, seconds)

    def script(self, document: str, name: str) -> str:
        """The blocks of that name below the one that makes the shell ready."""
        found = blocks.blocks(blocks.ROOT / document)
        chosen = [block.text for block in found if block.name == name]
        assert chosen, f"{document} has no block named {name}"
        return "".join([*(block.text for block in found if block.name == SHELL), *chosen])

    def exposed(self) -> list[str]:
        """What guides have left that holds a secret, and others may read, or git would take."""
        found, taken = [], self.untracked()
        for path in self.written():
            if self._is_secret(path):
                name = str(path.relative_to(self.folder))
                found += [f"{name}: others may read it"] * self.is_open(path)
                found += [f"{name}: not ignored"] * (name in taken)
        return found

    def is_open(self, path: Path) -> bool:
        """Whether others than its owner can come to a file and read it."""
        folders = [folder for folder in path.parents if folder.is_relative_to(self.folder) and folder != self.folder]
        return bool(path.stat().st_mode & 0o044) and all(folder.stat().st_mode & 0o011 for folder in folders)

    def untracked(self) -> list[str]:
        """The files that were not there at the beginning, and git does not ignore."""
        command = ["git", "ls-files", "-z", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True).stdout.split("\0")
        return [name for name in listed if name and self.folder / name not in self._before]

    def written(self) -> list[Path]:
        """The files that were not there at the beginning."""
        return [
            Path(folder) / name
            for folder, _, names in os.walk(self.folder)
            for name in names
            if "/.git" not in folder and "__pycache__" not in folder and Path(folder) / name not in self._before
        ]

    def _is_secret(self, path: Path) -> bool:
        content = path.read_bytes().decode("utf-8", "replace")
        words = ("client_secret", "password_hash", "PRIVATE KEY")
        return path.name.endswith(".password") or any(word in content for word in (*words, *self.secrets))
