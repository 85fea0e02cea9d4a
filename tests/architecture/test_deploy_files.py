"""The files of ``deploy/`` are well-formed, and say the same as the code: lanes, settings, keys, ports, times, rights."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from chassis.broker import topology
from chassis.ground import lanes
from chassis.ground import settings as chassis_settings
from deploy import new_secrets, pin_images
from deploy.local.broker_users import GATEWAY, OPS
from deploy.local.demo_keys import KEYRINGS, SIGNING
from tests.architecture import compose, source

DOCKERFILE = Path("deploy/Dockerfile")
DEPLOYABLES = [*source.services(), GATEWAY]
#: Read by Python's libraries, not by our settings.
OF_LIBRARIES = {"PROMETHEUS_MULTIPROC_DIR"}
#: Where the gateway's clients come in, and where every process says how it is.
PORT, HEALTH_PORT = "8000", "8080"


class TestLinters:
    def tool(self, *command: str) -> str:
        """What a linter of the virtual environment finds; nothing when all is well."""
        program = Path(sys.executable).parent / command[0]
        done = subprocess.run([program, *command[1:]], cwd=source.ROOT, capture_output=True, text=True, timeout=60)
        return done.stdout + done.stderr if done.returncode else ""

    def test_the_dockerfile_pleases_hadolint(self) -> None:
        assert self.tool("hadolint", str(DOCKERFILE)) == ""

    def test_the_compose_file_is_what_the_specification_says(self) -> None:
        command = ("check-jsonschema", "--builtin-schema", "vendor.compose-spec")
        assert self.tool(*command, "deploy/compose.yml") == ""

    def test_every_yaml_file_pleases_yamllint(self) -> None:
        checked = ("deploy", ".github", ".pre-commit-config.yaml")
        assert self.tool("yamllint", "--strict", "-c", "deploy/.yamllint.yml", *checked) == ""

    def test_the_workflow_is_what_its_schema_says(self) -> None:
        command = ("check-jsonschema", "--builtin-schema", "vendor.github-workflows")
        assert self.tool(*command, ".github/workflows/ci.yml") == ""

    def test_they_find_what_is_wrong(self, tmp_path: Path) -> None:
        wrong = tmp_path / "compose.yml"
        wrong.write_text("services: {talent: {image: youthcity/talent, comand: [services.talent]}}\n")
        assert "comand" in self.tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(wrong))
        shell = tmp_path / "Dockerfile"
        shell.write_text("FROM python\nCMD python -m services.talent\n")
        assert "DL3025" in self.tool("hadolint", str(shell))


class TestImages:
    def test_are_built_once_each_of_every_deployable(self) -> None:
        built = {name: one["build"] for name, one in compose.ours().items() if "build" in one}
        assert built.keys() == {f"{name}-migrate" for name in DEPLOYABLES}
        for name, build in built.items():
            deployable = name.removesuffix("-migrate")
            arguments = {"DEPLOYABLE": deployable, "PYTHON_IMAGE": compose.settings()["PYTHON_IMAGE"]}
            assert build == {"context": "..", "dockerfile": str(DOCKERFILE), "args": arguments}
            assert compose.deployable(compose.ours()[name]) == deployable

    def test_are_made_of_the_deployables_folders_alone(self) -> None:
        allowed = {line[1:] for line in source.text(Path(".dockerignore")).splitlines() if line.startswith("!")}
        folders = {"contracts", "chassis", "services", "gateway"}
        assert allowed == {"pyproject.toml", "requirements.lock", "deploy/local/groups.py"} | folders

    def test_of_others_are_pinned_all(self) -> None:
        """To the same digests wherever they are named, and one command pins them all anew."""
        defaults = dict(re.findall(r"\$\{(\w+_IMAGE):-([^}]+)\}", source.text(Path("deploy/compose.yml"))))
        assert defaults.keys() == set(pin_images.VARIABLES)
        assert all(re.fullmatch(r"[\w.:-]+@sha256:[0-9a-f]{64}", image) for image in defaults.values()), defaults
        assert {name: compose.settings()[name] for name in defaults} == defaults
        assert {f"ARG PYTHON_IMAGE={defaults['PYTHON_IMAGE']}"} <= set(source.text(DOCKERFILE).splitlines())
        named = re.findall(r"^FROM (\S+)", source.text(DOCKERFILE), re.MULTILINE)
        assert set(named) == {"${PYTHON_IMAGE}"}

    def test_are_pinned_to_what_the_registry_says(self, tmp_path: Path) -> None:
        digest, file, engine = f"sha256:{'5' * 64}", tmp_path / ".env", tmp_path / "docker"
        engine.write_text(f'#!/bin/sh\necho \'{{"digest": "{digest}"}}\'\n')
        engine.chmod(0o755)
        shutil.copy(source.ROOT / "deploy/.env.example", file)
        environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        command = [sys.executable, "-m", "deploy.pin_images", str(file)]
        for _ in range(2):  # a second time it looks them up anew
            subprocess.run(command, cwd=source.ROOT, env=environment, capture_output=True, check=True)
        text = file.read_text(encoding="utf-8")
        assert f"POSTGRES_IMAGE={compose.settings()['POSTGRES_IMAGE'].partition('@')[0]}@{digest}\n" in text
        assert text.count(digest) == len(pin_images.VARIABLES)
        engine.write_text("#!/bin/sh\necho no registry >&2\nexit 1\n")
        failed = subprocess.run(command, cwd=source.ROOT, env=environment, capture_output=True, text=True, check=False)
        assert failed.returncode != 0 and "no registry" in failed.stderr
        assert file.read_text(encoding="utf-8") == text

    def test_run_as_an_unprivileged_user_and_need_no_shell(self) -> None:
        lines = source.text(DOCKERFILE).splitlines()
        assert f"USER {new_secrets.IMAGE_USER}:{new_secrets.IMAGE_USER}" in lines
        assert [line for line in lines if line.startswith(("CMD", "ENTRYPOINT"))] == ['ENTRYPOINT ["python", "-m"]']
        assert {line for line in lines if line.startswith("STOPSIGNAL")} == {"STOPSIGNAL SIGTERM"}


class TestProcesses:
    def test_every_lane_that_has_work_runs_in_a_service_of_its_own(self) -> None:
        """A service that consumes no event has no process for its events lane."""
        expected = {
            f"{service}-{lane}": [f"services.{service}", "--lanes", lane]
            for service in source.services()
            for lane in lanes.ALL_LANES
            if lane != lanes.EVENTS or topology.consumers_of(service)
        }
        expected[GATEWAY] = [GATEWAY]
        assert {name: one["command"] for name, one in compose.processes().items()} == expected

    def test_databases_and_topology_are_ready_before_them(self) -> None:
        commands = {f"{name}-migrate": [_module(name), "migrate"] for name in DEPLOYABLES}
        commands["topology"] = ["chassis", "topology", "apply"]
        assert {name: one["command"] for name, one in compose.jobs().items()} == commands
        for name, job in compose.jobs().items():
            waits = dict.fromkeys(compose.SERVERS, "service_healthy")
            assert {other: how["condition"] for other, how in job["depends_on"].items()} == waits, name
        for name, process in compose.processes().items():
            deployable = compose.deployable(process)
            jobs = {f"{deployable}-migrate"} | ({"topology"} if deployable != GATEWAY else set())
            waits = dict.fromkeys(jobs, "service_completed_successfully")
            assert {other: how["condition"] for other, how in process["depends_on"].items()} == waits, name

    @pytest.mark.parametrize("name", compose.processes())
    def test_are_checked_for_health_where_they_answer(self, name: str) -> None:
        process = compose.processes()[name]
        environment, deployable = process["environment"], compose.deployable(process)
        address = {environment[f"{deployable.upper()}_HEALTH_{part}"] for part in ("HOST", "PORT")}
        assert address == {"0.0.0.0", HEALTH_PORT}
        assert f"http://127.0.0.1:{HEALTH_PORT}/readyz" in process["healthcheck"]["test"][-1]
        if deployable == GATEWAY:
            assert environment["GATEWAY_BIND"] == f"0.0.0.0:{PORT}"
        else:
            assert "ports" not in process

    def test_one_port_is_open_to_a_proxy_on_the_same_machine_and_the_proxy_is_believed(self) -> None:
        """Health and metrics are on another; without trust in the proxy every client has the proxy's address."""
        gateway = compose.processes()[GATEWAY]
        assert [port.rpartition(":")[2] for port in gateway["ports"]] == [PORT]
        assert all(port.startswith("127.0.0.1:") for port in gateway["ports"])
        written = source.text(Path("deploy/compose.yml"))
        assert "GATEWAY_TRUSTED_PROXIES: ${GATEWAY_TRUSTED_PROXIES:-1}" in written

    @pytest.mark.parametrize("name", compose.processes())
    def test_are_given_the_time_they_take_to_end(self, name: str) -> None:
        process = compose.processes()[name]
        given = float(process["stop_grace_period"].removesuffix("s"))
        environment = process["environment"]
        last = re.search(r"^LAST_SECONDS = (\d+)", source.text(Path("chassis/process/runner.py")), re.MULTILINE)
        graceful = re.search(
            r"^graceful_timeout = (\d+)", source.text(Path("gateway/serving/gunicorn_conf.py")), re.MULTILINE
        )
        assert last is not None and graceful is not None
        grace = float(environment.get("GRACE_SECONDS", _default_grace()))
        assert given > max(grace + float(last[1]), float(graceful[1]))

    @pytest.mark.parametrize("name", compose.ours())
    def test_may_change_nothing_and_become_no_other_user(self, name: str) -> None:
        one = compose.ours()[name]
        assert (one["read_only"], one["cap_drop"]) == (True, ["ALL"])
        assert one["security_opt"] == ["no-new-privileges:true"]
        assert [mount for mount in one["tmpfs"] if mount.startswith("/tmp:")]
        assert not {"privileged", "volumes", "cap_add", "user"} & one.keys()


class TestSettings:
    @pytest.mark.parametrize("name", compose.ours())
    def test_every_variable_is_one_that_is_read(self, name: str, tmp_path: Path) -> None:
        one = compose.ours()[name]
        environment = _on_this_machine(one["environment"], tmp_path)
        assert environment.keys() - _read_by(one, environment) - OF_LIBRARIES == set()

    @pytest.mark.parametrize("name", compose.ours())
    def test_what_must_be_set_is_set(self, name: str, tmp_path: Path) -> None:
        """The settings are read without a complaint, and would not be with one variable fewer."""
        one = compose.ours()[name]
        environment = _on_this_machine(one["environment"], tmp_path)
        assert _read_by(one, environment)
        addresses = [key for key in environment if key.endswith(("_AMQP_URI_FILE", "AMQP_URI_FILE"))]
        assert len(addresses) == 1
        with pytest.raises(RuntimeError, match="AMQP_URI"):
            _read_by(one, {key: value for key, value in environment.items() if key not in addresses})

    def test_no_secret_stands_in_the_environment(self) -> None:
        for name, one in compose.document()["services"].items():
            for key, value in one.get("environment", {}).items():
                assert key.endswith("_FILE") or not re.search("PASSWORD|SECRET|URI$|DATABASE_URL|SMTP_URL", key), name
                assert "@" not in str(value) or key == "NOTIFY_SMTP_FROM", name

    def test_the_example_sets_what_the_file_leaves_open(self) -> None:
        assert compose.settings().keys() == compose.placeholders()


class TestSecrets:
    @pytest.fixture(scope="class")
    def made(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        folder = tmp_path_factory.mktemp("made") / "secrets"
        new_secrets.make(folder, postgres="postgres:5432", broker="rabbitmq:5672")
        return folder

    def test_every_file_compose_names_is_made_and_every_one_made_is_named(self, made: Path) -> None:
        document = compose.document()
        named = {str(one["file"]) for part in ("secrets", "configs") for one in document[part].values()}
        assert {f"secrets/{path.name}" for path in made.iterdir()} == named - {"rabbitmq.conf"}
        assert (source.ROOT / "deploy/rabbitmq.conf").exists()

    @pytest.mark.parametrize("name", compose.ours())
    def test_a_process_is_given_the_secrets_it_reads_and_no_other(self, name: str) -> None:
        one = compose.ours()[name]
        given = set(compose.granted(one).values())
        files = {value for key, value in one["environment"].items() if key.endswith("_FILE")}
        keys = set() if name in compose.jobs() else {f"{key}.json" for key in _keys_of(compose.deployable(one))}
        assert {f"/run/secrets/{secret}" for secret in given - keys} == files
        assert keys <= given

    def test_keys_and_addresses_are_the_images_users_alone(self, made: Path) -> None:
        read_by_servers = {"postgres_password", "databases.sql", "broker_definitions.json"}
        modes = {path.name: path.stat().st_mode & 0o777 for path in made.iterdir()}
        assert {name for name, mode in modes.items() if mode != 0o600} == read_by_servers
        assert made.stat().st_mode & 0o777 == 0o700

    def test_no_password_can_be_read_in_what_the_servers_read(self, made: Path) -> None:
        passwords = [path.read_text().split("@")[0].rpartition(":")[2] for path in made.glob("*_ur[il]")]
        readable = (made / "databases.sql").read_text() + (made / "broker_definitions.json").read_text()
        assert len(set(passwords) - {""}) == 16
        assert [one for one in passwords if one and one in readable] == []

    def test_a_queue_is_read_by_its_own_service_and_ops_alone(self) -> None:
        definitions = new_secrets.broker_definitions(dict.fromkeys([*DEPLOYABLES, OPS], "x"))
        rights = {one["user"]: one for one in definitions["permissions"]}  # type: ignore[attr-defined]
        for queue in topology.queue_names(delays=[5, 60, 600]):
            owner = next(name for name in source.services() if queue.startswith((f"{name}.", f"rpc-{name}")))
            for right in ("configure", "read"):
                holders = {user for user, one in rights.items() if re.search(one[right], queue)}
                assert holders == {owner, OPS}, queue


class _Recorder(dict[str, str]):
    """An environment that records which names were read."""

    def __init__(self, content: dict[str, str]) -> None:
        super().__init__(content)
        self.read: set[str] = set()

    def __getitem__(self, key: str) -> str:
        self.read.add(key)
        return super().__getitem__(key)


def _read_by(one: compose.Service, environment: dict[str, str]) -> set[str]:
    """The names the settings of a compose service ask for, read from `environment`."""
    recorder = _Recorder(environment)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", recorder)
        if one["command"][0] == "chassis":
            chassis_settings.broker_settings()
        elif compose.deployable(one) == GATEWAY:
            importlib.import_module("gateway.settings").load()
        else:
            service = compose.deployable(one)
            chassis_settings.service_settings(service)
            for path in source.modules(f"services/{service}"):
                if path.name.endswith("settings.py"):
                    importlib.import_module(f"services.{service}.{path.stem}").load()
    return recorder.read


def _on_this_machine(environment: dict[str, str], folder: Path) -> dict[str, str]:
    """With an address in each file a variable names."""
    found = {key: str(value) for key, value in environment.items()}
    for key, value in found.items():
        if key.endswith("_FILE"):
            path = folder / Path(value).name
            path.write_text("smtp://mail.test:25" if "SMTP_URL" in key else "scheme://user:password@host:1/name")
            if key.endswith("_CA_FILE"):
                path.write_text("")
            found[key] = str(path)
    return found


def _keys_of(deployable: str) -> Iterable[str]:
    """The key files a deployable's code names, where it reads keys; those of the chassis are every service's."""
    folders = ["gateway"] if deployable == GATEWAY else [f"services/{deployable}", "chassis"]
    modules = source.modules(*folders)
    has_imports = any("chassis.imports" in source.text(path) for path in modules if path.parts[0] == "services")
    if not has_imports:
        modules = [path for path in modules if path.parts[:2] != ("chassis", "imports")]
    reading = [path for path in modules if re.search("read_keyring|SigningKeys", source.text(path))]
    named = set().union(*(source.strings(path) for path in reading))
    return {key for key in (*KEYRINGS, *SIGNING) if {key, f"{key}.json"} & named}


def _module(deployable: str) -> str:
    return deployable if deployable == GATEWAY else f"services.{deployable}"


def _default_grace() -> str:
    found = re.search(r'"GRACE_SECONDS", ([\d.]+)', source.text(Path("chassis/ground/settings.py")))
    assert found is not None
    return found[1]
