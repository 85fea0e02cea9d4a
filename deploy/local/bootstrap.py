"""Sets up a fresh machine: server programs (``packages``), then the virtual environment from requirements.lock.

Standard library only, and any Python 3.11. ``make`` runs it as ``python3 -m deploy.local.bootstrap`` when its inputs changed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from deploy.local import packages
from deploy.local.packages import ROOT, say

VENV = ROOT / ".state" / "venv"
LOCK = ROOT / "requirements.lock"


def make_venv() -> None:
    """Make the virtual environment with exactly what requirements.lock pins; exits when that fails."""
    python = VENV / "bin" / "python"
    if not _works(python):
        say("creating the virtual environment")
        shutil.rmtree(VENV, ignore_errors=True)
        done = subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False, stdout=sys.stderr)
        if done.returncode:
            shutil.rmtree(VENV, ignore_errors=True)
            sys.exit("The virtual environment cannot be made.")
    _install(python)


def _works(python: Path) -> bool:
    """Whether there is a virtual environment here, whole, and made for this folder and this Python."""
    if not python.exists():
        return False
    made_by = f"{sys.version_info.major}.{sys.version_info.minor}"
    check = f"import sys, pip; sys.exit(sys.version[:{len(made_by)}] != '{made_by}')"
    whole = subprocess.run([str(python), "-c", check], capture_output=True, check=False).returncode == 0
    script = VENV / "bin" / "pip"
    return whole and script.exists() and str(VENV) in script.read_text().splitlines()[0]


def _install(python: Path) -> None:
    wanted = sum(1 for line in LOCK.read_text().splitlines() if "==" in line)
    say(f"installing {wanted} pinned Python packages")
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "-r", str(LOCK)]
    words: list[str] = []
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            words.append(line)
            seen = sum(1 for word in words if word.startswith("Collecting "))
            if line.startswith("Collecting ") and seen % 20 == 0:
                say(f"  {seen} of {wanted}")
            elif line.startswith("Installing collected packages"):
                say("  unpacking")
    if pip.returncode:
        sys.exit(f"{''.join(words[-20:])}\nThe Python packages cannot be installed; pip's last words are above.")


def main() -> None:
    """Install what is missing, or say what to type."""
    if sys.version_info < (3, 11):  # noqa: UP036  whoever runs this has not read pyproject.toml yet
        sys.exit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
    packages.ensure()
    make_venv()


if __name__ == "__main__":
    main()
