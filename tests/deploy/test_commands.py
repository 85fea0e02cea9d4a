"""Commands typed without the environment they need: help all the same, and one line instead of a traceback."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.checkouts import bare_environment


def typed(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-m", *words]
    return subprocess.run(
        command, env={**bare_environment(), **environment}, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("words", [("--help",), ("dead", "redrive", "--help")], ids=" ".join)
def test_say_what_they_do_wherever_they_are_typed(words: tuple[str, ...]) -> None:
    done = typed("services.perks", *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage: python -m services.perks" in done.stdout


@pytest.mark.parametrize(
    ("words", "variable"),
    [(("services.notify", "migrate"), "NOTIFY_DATABASE_URL"), (("chassis", "topology", "check"), "AMQP_URI")],
)
def test_name_the_variable_that_is_missing(words: tuple[str, ...], variable: str) -> None:
    done = typed(*words)
    assert done.returncode == 1
    assert f"set {variable} or {variable}_FILE (every variable: docs/settings.md)" in done.stderr
    assert "Traceback" not in done.stderr


def test_name_the_variable_that_cannot_be_read() -> None:
    addresses = {"TALENT_DATABASE_URL": "postgresql://d", "AMQP_URI": "amqp://b"}
    done = typed("services.talent", "migrate", GRACE_SECONDS="soon", **addresses)
    assert done.returncode == 1
    assert 'variable "GRACE_SECONDS" invalid' in done.stderr
    assert "Traceback" not in done.stderr
