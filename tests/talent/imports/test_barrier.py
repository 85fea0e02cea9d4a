"""The process that opens files reaches nothing but its memory files: no key, no setting, no server, no other process.

The reader of ``hostile_reader`` stands for a parser that a file has taken over.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from chassis.imports import limited
from chassis.imports.limited import read_file
from chassis.imports.settings import ImportSettings
from tests.support.servers import Broker
from tests.talent.imports import hostile_reader
from tests.talent.imports.hostile_reader import attempt
from tests.talent.imports.importing import csv_of

SETTINGS = ImportSettings(wall_seconds=30)
NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")


def outcomes(*attempts: tuple[str, object], settings: ImportSettings = SETTINGS) -> list[str]:
    """What comes of each attempt in the real child process."""
    file = csv_of([list(one) for one in attempts], headers=["尝试", "目标"])
    lines = read_file([file], hostile_reader.KIND, is_given=False, settings=settings, on_wait=lambda: None)
    next(lines)
    return [line["values"]["outcome"] for line in lines]


def refused(*attempts: tuple[str, object]) -> None:
    """Each attempt must fail by the filter's error."""
    found = dict(zip(attempts, outcomes(*attempts), strict=True))
    assert {one: outcome for one, outcome in found.items() if outcome != "PermissionError"} == {}


class TestHostileReader:
    def test_reads_and_changes_no_file(self, tmp_path: Path) -> None:
        key = tmp_path / "id_encryption.json"
        key.write_text("secret")
        refused(("read", key), ("write", tmp_path / "new"), ("remove", key), ("look at", key), ("list", tmp_path))
        refused(("read", "/etc/passwd"), ("read", "/proc/self/environ"), ("memory file", "new"))
        assert [one.name for one in tmp_path.iterdir()] == [key.name]

    def test_learns_no_setting_of_the_service(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TALENT_DATABASE_URL", "secret")
        assert outcomes(("environment", "")) == ["[]"]
        refused(("read", f"/proc/{os.getpid()}/environ"), ("read", f"/proc/{os.getpid()}/fd/0"))

    def test_inherits_no_descriptor(self) -> None:
        ends = os.pipe()
        try:
            for end in ends:
                os.set_inheritable(end, True)
            assert outcomes(("descriptors", "")) == ["[]"]
        finally:
            for end in ends:
                os.close(end)

    def test_reaches_neither_the_database_nor_the_broker(self, database_server: str, broker: Broker) -> None:
        for url in (database_server, broker.uri("/")):
            address = urlsplit(url)
            refused(("connect", f"{address.hostname}:{address.port}"))
        refused(("listen", ""), ("pair", ""))

    def test_reaches_no_process_and_starts_none(self) -> None:
        service = os.getpid()
        refused(("signal", service), ("trace", service), ("peek", service), ("stop waiting", service))
        refused(("run", "/bin/true"), ("fork", ""))

    def test_gets_no_right_back(self) -> None:
        refused(("become", ""), ("mount", ""))
        assert outcomes(("widen", "")) == ["ValueError"]  # what `setrlimit` makes of EPERM

    def test_would_succeed_without_the_barrier(self, tmp_path: Path, database_server: str) -> None:
        key, address = tmp_path / "key", urlsplit(database_server)
        key.write_text("secret")
        assert attempt("read", str(key)) == "b'secret'"
        assert attempt("connect", f"{address.hostname}:{address.port}").startswith("<socket")
        assert attempt("signal", str(os.getppid())) == "None"


#: Becomes a user, loses a layer, raises the barrier, and prints what is lacking and what came of each attempt.
PROGRAM = """
import json, os, sys
from chassis.imports import barrier
from tests.talent.imports.hostile_reader import attempt
asked = json.loads(sys.stdin.readline())
barrier.LIBSECCOMP = asked["library"]
if asked["user"]:
    os.setgroups([]); os.setresgid(*[asked["user"]] * 3); os.setresuid(*[asked["user"]] * 3)
lacking = barrier.raise_barrier(65534)
print(json.dumps([lacking, [attempt(*one) for one in asked["attempts"]]]))
"""


def alone(
    *attempts: tuple[str, object], user: int = 0, library: str = "libseccomp.so.2"
) -> tuple[list[str], list[str]]:
    """The layers lacking, and what came of each attempt, in a process of this user (0: this one) with this library."""
    asked = {"attempts": [(name, str(target)) for name, target in attempts], "user": user, "library": library}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=limited.CHECKOUT, input=json.dumps(asked), capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    lacking, found = json.loads(run.stdout)
    return lacking, found


class TestLayers:
    """Each layer holds without the others."""

    @as_root
    def test_without_root_the_filter_refuses_alike(self) -> None:
        parent = os.getpid()
        lacking, found = alone(("read", "/etc/passwd"), ("trace", parent), ("fork", ""), ("list", "/"), user=NOBODY)
        assert set(lacking) <= {"network"}  # some containers allow no namespace
        assert set(found) == {"PermissionError"}

    def test_without_the_filter_nothing_is_opened_or_started(self, tmp_path: Path) -> None:
        key = tmp_path / "key"
        key.write_text("secret")
        opening: list[tuple[str, Any]] = [
            ("read", key),
            ("write", key),
            ("list", "/"),
            ("listen", ""),
            ("memory file", "m"),
        ]
        lacking, found = alone(*opening, ("connect", "127.0.0.1:1"), ("fork", ""), library="libmissing.so")
        assert "filter" in lacking
        assert set(found) <= {"OSError", "PermissionError", "BlockingIOError"}
        assert key.read_text() == "secret"

    @as_root
    def test_without_the_filter_a_service_of_root_is_another_user(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o700)
        key, parent = tmp_path / "key", os.getpid()
        key.write_text("secret")
        attempts = (("signal", parent), ("trace", parent), ("peek", parent), ("remove", key), ("become", ""))
        lacking, found = alone(*attempts, library="libmissing.so")
        assert lacking == ["filter"]
        assert set(found) == {"PermissionError"}

    def test_that_are_lacking_are_named_in_the_log(self, caplog: pytest.LogCaptureFixture) -> None:
        limited._warn_once.cache_clear()
        with caplog.at_level(logging.WARNING):
            outcomes(("environment", ""), settings=replace(SETTINGS, child_user=0))
            outcomes(("environment", ""), settings=replace(SETTINGS, child_user=0))
        said = [record.getMessage() for record in caplog.records if "shut in" in record.getMessage()]
        assert len(said) == (1 if os.geteuid() == 0 else 0)
        assert all("user" in line for line in said)
