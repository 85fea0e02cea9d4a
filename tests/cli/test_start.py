"""The command line starts quickly, says what it is, and what a command without a server says needs none."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib

import click
import pytest
import requests

from chassis.broker import topology
from cli import VERSION, api, places
from cli.__main__ import COMMANDS, main
from cli.exits import Refused, Unreachable
from tests.support.command_lines import ROOT, CommandLine

#: What only commands with a database or a broker may load.
SLOW = ("sqlalchemy", "nameko", "eventlet", "kombu", "amqp", "psycopg2", "alembic", "gateway", "structlog")
LOADED = """
import runpy, sys
sys.argv = ["cli", *{words!r}]
try:
    runpy.run_module("cli", run_name="__main__")
except SystemExit:
    pass
print("LOADED", *sorted(name for name in sys.modules if name in {slow!r}))
"""


class TestStart:
    @pytest.mark.parametrize("words", [["--version"], ["--help"], ["imports", "list", "--help"], ["imports", "list"]])
    def test_loads_no_database_and_no_broker_where_none_is_needed(self, bare: CommandLine, words: list[str]) -> None:
        script = LOADED.format(words=words, slow=SLOW)
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, env=bare.environment, capture_output=True, text=True
        )
        assert done.stdout.splitlines()[-1].split() == ["LOADED"], done.stderr

    def test_completing_a_command_loads_none(self, bare: CommandLine) -> None:
        words = {"COMP_WORDS": "youthcity ", "COMP_CWORD": "1", "_YOUTHCITY_COMPLETE": "bash_complete"}
        script = LOADED.format(words=[], slow=SLOW)
        environment = {**bare.environment, **words, "YOUTHCITY_PROGRAM": "1"}
        done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True)
        assert [line.partition(",")[2] for line in done.stdout.splitlines()[:-1]] == list(COMMANDS)
        assert done.stdout.splitlines()[-1] == "LOADED"

    def test_knows_its_version(self, bare: CommandLine) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        assert (project["version"], bare("--version").out) == (VERSION, f"youth-city {VERSION}\n")

    def test_lists_each_command_as_the_command_describes_itself(self) -> None:
        for name, line in COMMANDS.items():
            command = main.get_command(click.Context(main), name)
            assert command is not None
            assert (command.name, (command.help or "").partition("\n")[0]) == (name, line)

    def test_knows_the_services_of_the_topology(self) -> None:
        assert topology.services() == places.SERVICES


class TestEnvironment:
    def test_is_given_to_a_shell_word_for_word(self, bare: CommandLine) -> None:
        described = {
            "gateway_url": "http://127.0.0.1:1",
            "clients": {"demo": {"client_id": "c", "client_secret": "s", "scopes": []}},
            "environment": {"AMQP_URI": "amqp://ops:a'b $c@127.0.0.1:1/", "KEY_DIR": "/keys"},
            "logs": "/logs",
            "programs": ["/usr/lib/of a server/bin"],
        }
        (bare.folder / ".state").mkdir()
        (bare.folder / ".state" / "platform.json").write_text(json.dumps(described))
        printed = bare("environment", AMQP_URI="amqp://of-before").out
        script = printed + 'printf "%s\\n" "$AMQP_URI" "$KEY_DIR" "$YOUTHCITY_CLIENT_SECRET" "${PATH%%:*}"'
        done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines() == ["amqp://ops:a'b $c@127.0.0.1:1/", "/keys", "s", "/usr/lib/of a server/bin"]

    def test_is_refused_where_nothing_runs(self, bare: CommandLine) -> None:
        assert "make up" in bare("environment", status=2).err


def answer(status: int, problem: object, **headers: str) -> requests.Response:
    made = requests.Response()
    made.status_code, made._content = status, json.dumps(problem).encode()
    made.headers.update(headers)
    return made


class TestErrors:
    """A problem (RFC 9457) of the gateway, for people and for scripts."""

    def test_say_what_where_and_what_to_do(self) -> None:
        problem = {"detail": "Not valid.", "code": "chassis.invalid", "trace_id": "0af"}
        problem |= {"type": "http://city/problems/chassis.invalid", "errors": [{"pointer": "#/kind", "detail": "No."}]}
        failure = api._failure(answer(422, problem))
        assert isinstance(failure, Refused)
        assert (failure.message, failure.code) == ("Not valid. (chassis.invalid)", "chassis.invalid")
        assert failure.hints == (
            "  #/kind: No.",
            "What to do: correct what is named, then type the command again.",
            "More: http://city/problems/chassis.invalid",
            "trace 0af",
        )
        assert failure.details["fields"] == {"#/kind": "No."}

    def test_of_a_limit_say_how_long_to_wait_and_end_with_3(self) -> None:
        failure = api._failure(answer(429, {"detail": "Too many.", "code": "rate_limited"}, **{"Retry-After": "7"}))
        assert isinstance(failure, Unreachable)
        assert "wait 7 s" in failure.hints[0]

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500, 503, 504])
    def test_of_every_status_say_what_to_do(self, status: int) -> None:
        failure = api._failure(answer(status, "no problem"))
        assert failure.code == "http_error"
        assert failure.hints[0].startswith("What to do: ")
