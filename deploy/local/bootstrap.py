"""Sets up a fresh machine: programs (``packages``), then a virtual environment at the versions of a lock file.

``python3 -m deploy.local.bootstrap run|dev|proofs|audit``: what `make run` needs, what the tests and tools of developers need,
what only `make proofs` needs, and the tools of `make audit` and `make sbom` in an environment of their own. ``make`` calls it
when its inputs changed. Standard library only, and any Python 3.11.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local import groups, packages
from deploy.local.packages import FOR_PROOFS, FOR_TESTS, ROOT, SERVERS, say


@dataclass(frozen=True)
class Step:
    """One set-up step: Debian programs, and dependency groups, one after another, in a virtual environment."""

    programs: Mapping[str, str]
    groups: Sequence[str]
    venv: Path = ROOT / ".state" / "venv"
    lock: Path = ROOT / "requirements.lock"


STEPS = {
    "run": Step(SERVERS, ("building", "run")),
    "dev": Step(SERVERS | FOR_TESTS, ("building", "dev")),
    "proofs": Step(SERVERS | FOR_TESTS | FOR_PROOFS, ("building", "dev")),
    "audit": Step({}, ("audit",), ROOT / ".state" / "audit", ROOT / "requirements-audit.lock"),
}


def make_venv(step: Step) -> None:
    """Make or complete the virtual environment of a step; exits when that fails."""
    python = step.venv / "bin" / "python"
    if not _works(step.venv):
        say("creating the virtual environment")
        shutil.rmtree(step.venv, ignore_errors=True)
        done = subprocess.run([sys.executable, "-m", "venv", str(step.venv)], check=False, stdout=sys.stderr)
        if done.returncode:
            shutil.rmtree(step.venv, ignore_errors=True)
            sys.exit("The virtual environment cannot be made.")
    for group in step.groups:
        _install(python, step, group)


def _works(venv: Path) -> bool:
    """Whether there is a virtual environment here (or where a link leads), whole, made for this place and this Python."""
    python, script = venv / "bin" / "python", venv / "bin" / "pip"
    if not python.exists():
        return False
    made_by = f"{sys.version_info.major}.{sys.version_info.minor}"
    check = f"import sys, pip; sys.exit(sys.version[:{len(made_by)}] != '{made_by}')"
    whole = subprocess.run([str(python), "-c", check], capture_output=True, check=False).returncode == 0
    if not whole or not script.exists():
        return False
    shebang = script.read_text().splitlines()[0]
    return str(venv) in shebang or str(venv.resolve()) in shebang


def _install(python: Path, step: Step, group: str) -> None:
    """Install a group and what it requires: each package at the version, and of a content, that the lock file names.

    What comes as source is built by what the lock file names too: pip would fetch the tools for it by no hash.
    """
    wanted = groups.pinned(group, step.lock)
    say(f"installing {len(wanted)} Python packages of the group {group}, pinned by {step.lock.name}")
    requirements = step.venv / f"{group}.txt"
    requirements.write_text("".join(wanted.values()), encoding="utf-8")
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--require-hashes", "--no-build-isolation", "--requirement", str(requirements)]
    lines: list[str] = []
    collected = 0
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            lines.append(line)
            if line.startswith("Collecting "):
                collected += 1
                if collected % 20 == 0:
                    say(f"  {collected} collected")
            elif line.startswith("Installing collected packages"):
                say(f"  unpacking {line.count(',') + 1}")
    if pip.returncode:
        sys.exit(f"{''.join(lines[-20:])}\nThe Python packages cannot be installed; the end of pip's output is above.")


def main(arguments: list[str]) -> None:
    """Install what the named step lacks, or exit with what to type."""
    if sys.version_info < (3, 11):  # noqa: UP036  whoever runs this has not read pyproject.toml yet
        sys.exit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
    if len(arguments) != 1 or arguments[0] not in STEPS:
        sys.exit(f"usage: python3 -m deploy.local.bootstrap {'|'.join(STEPS)}")
    step = STEPS[arguments[0]]
    packages.ensure(step.programs)
    make_venv(step)


if __name__ == "__main__":
    main(sys.argv[1:])
