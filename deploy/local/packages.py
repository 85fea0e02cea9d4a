"""Programs of the system: finding them, and installing what is missing with the system's package manager.

Standard library only, and any Python 3.11: nothing else may be there yet. Packages are installed so that none of them starts
a server of its own, now or at the next boot. As root: ``python3 -m deploy.local.packages PACKAGE…``.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Program to find → Debian package that has it.
SERVERS = {"postgres": "postgresql", "rabbitmq-server": "rabbitmq-server"}
#: Only tests need these: the documents' commands use curl, and Redis stores the rate limits that gateways share.
FOR_TESTS = {"curl": "curl", "redis-server": "redis-server"}
#: Only `make proofs` needs these: departments open an annotated workbook in LibreOffice, and nginx reads our example.
FOR_PROOFS = {"soffice": "libreoffice-calc-nogui", "nginx": "nginx"}
#: Debian installs the server programs here, outside the PATH; PostgreSQL with a folder per version.
RABBITMQ_FOLDER, POSTGRESQL_FOLDER = Path("/usr/lib/rabbitmq/bin"), Path("/usr/lib/postgresql")
#: On the PATH of root alone.
SYSTEM_FOLDER = Path("/usr/sbin")
#: Installed along with other packages: the first line to try, and docs/story.md, are commands of it.
COMPANION = "curl"
#: Units the packages would start at the next boot. PostgreSQL's starts clusters, and we let none be made.
UNITS = ("rabbitmq-server.service", "epmd.service", "epmd.socket", "redis-server.service", "nginx.service")
POLICY = Path("/usr/sbin/policy-rc.d")
CLUSTERS = Path("/etc/postgresql-common/createcluster.d/zz-youth-city.conf")
_OURS = "# Youth City, while it installs packages\n"
_BEGAN = time.monotonic()


def say(text: str) -> None:
    """Print what begins now, and after how many seconds; on standard error, so that a redirected output does not hide it."""
    print(f"== {time.monotonic() - _BEGAN:5.1f} s  {text}", file=sys.stderr, flush=True)


def find_program(name: str) -> Path | None:
    """A program in Debian's own folders, newest PostgreSQL first, or on the PATH."""
    clusters = sorted(POSTGRESQL_FOLDER.glob("*/bin"), key=_version, reverse=True)
    for folder in (RABBITMQ_FOLDER, *clusters):
        if (folder / name).exists():
            return folder / name
    found = shutil.which(name) or shutil.which(name, path=str(SYSTEM_FOLDER))
    return Path(found) if found else None


def _version(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def missing(programs: Mapping[str, str]) -> list[str]:
    """Debian packages this machine lacks, of those that have `programs`; and the one with Python's own venv."""
    packages = [package for program, package in programs.items() if find_program(program) is None]
    if importlib.util.find_spec("ensurepip") is None:
        packages.append(f"python{sys.version_info.major}.{sys.version_info.minor}-venv")
    return packages


def ensure(programs: Mapping[str, str] = SERVERS) -> None:
    """Install the packages of `programs` that are missing. Exits with the one line to type where this user may not."""
    packages = missing(programs)
    if not packages:
        return
    if shutil.which(COMPANION) is None:
        packages.append(COMPANION)
    names = " ".join(packages)
    line = f"cd {shlex.quote(str(ROOT))} && python3 -B -m deploy.local.packages {names}"
    if shutil.which("apt-get") is None:
        sys.exit(f"Missing: {names} (Debian's names). Install them with your package manager and try again.")
    if os.geteuid() == 0:
        install(packages)
    elif (sudo := _sudo()) is not None:
        say(f"installing {names} with sudo (once)")
        command = [*sudo, sys.executable, "-B", "-m", "deploy.local.packages", *packages]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            sys.exit(1)
    else:
        sys.exit(
            f"Missing: {names}. Only root may install them. This line does, and lets none of them start a server:\n\n"
            f"    su -c {shlex.quote(line)}\n\nThen type the same make command again."
        )
    if still := missing(programs):
        sys.exit(f"Still missing after the installation: {' '.join(still)}")


def _sudo() -> list[str] | None:
    """How to become root; None without sudo, or where it would prompt for a password without a terminal."""
    if shutil.which("sudo") is None:
        return None
    may = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    if may:
        return ["sudo", "-n"]
    return ["sudo"] if sys.stdin.isatty() and sys.stderr.isatty() else None


def install(packages: list[str]) -> None:
    """Install packages as root without letting them start servers of their own; exits when that fails."""
    say(f"installing {' '.join(packages)} (once)")
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-y", "--no-install-recommends"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with _no_servers():
        for command in ([*apt[:3], "update"], [*apt, "install", *packages]):
            # apt-get's output is progress and goes where ours goes
            done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
            if done.returncode:
                sys.exit(f"`{' '.join(command)}` failed; try again, or run it by hand as root.")
    _keep_from_booting()


@contextmanager
def _no_servers() -> Iterator[None]:
    """Forbid service starts (policy-rc.d) and PostgreSQL's default cluster; both are as before at the end."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    policy = POLICY.read_text() if POLICY.exists() else ""
    mode = POLICY.stat().st_mode & 0o777 if POLICY.exists() else 0o755
    made_folders = [folder for folder in (CLUSTERS.parent.parent, CLUSTERS.parent) if not folder.exists()]
    try:
        POLICY.write_text(f"#!/bin/sh\n{_OURS}exit 101\n")
        POLICY.chmod(0o755)
        CLUSTERS.parent.mkdir(parents=True, exist_ok=True)
        CLUSTERS.write_text(f"{_OURS}create_main_cluster = false\n")
        yield
    finally:
        if policy and _OURS not in policy:  # one of ours is left by an installation that was killed
            POLICY.write_text(policy)
            POLICY.chmod(mode)
        else:
            POLICY.unlink(missing_ok=True)
        CLUSTERS.unlink(missing_ok=True)
        for folder in reversed(made_folders):
            if folder.exists() and not any(folder.iterdir()):
                folder.rmdir()


def _keep_from_booting() -> None:
    for unit in UNITS:
        if shutil.which("systemctl") is not None:
            subprocess.run(["systemctl", "disable", "--quiet", unit], capture_output=True, check=False)
        elif shutil.which("update-rc.d") is not None:
            subprocess.run(["update-rc.d", unit.partition(".")[0], "disable"], capture_output=True, check=False)


if __name__ == "__main__":
    install(sys.argv[1:])
