"""Sets up a fresh machine: server programs from the system's packages, the virtual environment from requirements.lock.

Standard library only, and any Python 3.11: nothing else is there yet. Installs what is missing, or prints the line to type.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".state" / "venv"
#: Program to find → Debian package that has it.
SERVERS = {"postgres": "postgresql", "rabbitmq-server": "rabbitmq-server"}
POLICY = Path("/usr/sbin/policy-rc.d")
NO_CLUSTER = Path("/etc/postgresql-common/createcluster.d/youthcity.conf")


def say(text: str) -> None:
    """Progress, on standard error so that nothing hides it."""
    print(f"== {text}", file=sys.stderr, flush=True)


def find_program(name: str) -> Path | None:
    """A server program: on the PATH or where Debian hides it. Newest PostgreSQL first."""
    for folder in (
        Path("/usr/lib/rabbitmq/bin"),
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version)[::-1],
    ):
        if (folder / name).exists():
            return folder / name
    found = shutil.which(name)
    return Path(found) if found else None


def _version(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def missing_packages() -> list[str]:
    """Debian packages this machine lacks."""
    packages = [package for program, package in SERVERS.items() if find_program(program) is None]
    if importlib.util.find_spec("ensurepip") is None:
        packages.append(f"python{sys.version_info.major}.{sys.version_info.minor}-venv")
    return packages


def install(packages: list[str]) -> None:
    """Install packages without letting them start servers of their own; exits with the line to type when it may not."""
    line = f"apt-get update && apt-get install -y --no-install-recommends {' '.join(packages)}"
    is_root = os.geteuid() == 0
    if shutil.which("apt-get") is None or not (is_root or shutil.which("sudo")):
        sys.exit(f"These programs are missing. As root, run:\n\n    {line}\n\nand stop the servers they start.")
    say(f"installing {', '.join(packages)} (once)")
    prefix = [] if is_root else ["sudo"]
    script = f"set -e\n{_SHELL_GUARD}\nexport DEBIAN_FRONTEND=noninteractive\n{line}\n"
    done = subprocess.run([*prefix, "sh", "-c", script], stdout=sys.stderr, check=False)
    if done.returncode:
        sys.exit(f"Installing failed. As root, run:\n\n    {line}")


# Both guards go again with the shell, whatever happens to the installation.
_SHELL_GUARD = f"""
guard={POLICY}
cluster={NO_CLUSTER}
made=
[ -e "$guard" ] || {{ printf '#!/bin/sh\\nexit 101\\n' > "$guard"; chmod +x "$guard"; made="$guard"; }}
mkdir -p "$(dirname "$cluster")"; echo 'create_main_cluster = false' > "$cluster"
trap 'rm -f $made "$cluster"' EXIT
"""


@contextmanager
def _fresh(folder: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def make_venv() -> None:
    """The virtual environment with exactly what requirements.lock pins."""
    python = VENV / "bin" / "python"
    with _fresh(VENV):
        if not python.exists():
            say("creating the virtual environment")
            subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True, stdout=sys.stderr)
        say("installing the pinned Python packages")
        lock = ROOT / "requirements.lock"
        command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "-q", "-r", str(lock)]
        subprocess.run(command, check=True, stdout=sys.stderr)


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036  whoever runs this has not read pyproject.toml yet
        sys.exit("Python 3.11 or newer is needed.")
    if packages := missing_packages():
        install(packages)
    make_venv()


if __name__ == "__main__":
    main()
