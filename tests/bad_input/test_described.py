"""The API does what its description says: schemathesis with every check over every operation of a running platform.

BAD_INPUT_EXAMPLES says how many cases of each operation are invented beyond those its shapes ask for, 25 without it;
BAD_INPUT_SEED begins elsewhere.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy.local.processes import is_ready
from deploy.local.throwaway import ThrowawayPlatform
from gateway.http.operations import OPERATIONS
from tests.bad_input.writes import City
from tests.support.api import Api

SEED = int(os.environ.get("BAD_INPUT_SEED", "20231027"))
EXAMPLES = int(os.environ.get("BAD_INPUT_EXAMPLES", "25"))
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
#: Some wrong bodies are none at all, which an operation without a required field takes; test_bodies.py sends wrong fields.
OPTIONAL_BODY = """
[[operations]]
include-name = "{}"
checks.negative_data_rejection.expected-statuses = ["2xx", "4xx", 501]
"""


@pytest.mark.timeout(900)
def test_no_operation_breaks_or_answers_otherwise_than_described(
    site: ThrowawayPlatform, api: Api, tmp_path: Path
) -> None:
    city = City(api)
    city.live()
    known = [f'"path.{name}" = {json.dumps(value)}' for name, value in city.seen.items()]
    configuration = tmp_path / "schemathesis.toml"
    lenient = "".join(map(OPTIONAL_BODY.format, _with_optional_bodies(api.send("GET", "/openapi.json").json)))
    configuration.write_text(CONFIGURATION.read_text() + lenient + "\n[parameters]\n" + "\n".join(known) + "\n")
    command = [
        sys.executable,
        "-m",
        "schemathesis.cli",
        "--config-file",
        str(configuration),
        "run",
        f"{site.url}/openapi.json",
    ]
    command += ["--header", f"Authorization: Bearer {api.client._bearer()}", "--checks", "all", "--seed", str(SEED)]
    command += ["--max-examples", str(EXAMPLES), "--no-shrink", "--continue-on-failure", "--no-color"]
    command += ["--generation-database", "none"]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.bad_input.schemathesis_hooks"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=850)
    (site.folder / "schemathesis.log").write_text(done.stdout)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-3_000:]
    # every operation in each of the two phases that go through them one by one
    assert done.stdout.count(f"✅ {len(OPERATIONS)} passed") == 2, done.stdout[-3_000:]
    assert all(process.poll() is None and is_ready(url) for process, url in site.processes.values())


def _with_optional_bodies(document: dict[str, Any]) -> list[str]:
    return [
        f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if "requestBody" in operation and not operation["requestBody"].get("required")
    ]
