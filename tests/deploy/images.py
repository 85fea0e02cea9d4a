"""The platform of ``deploy/compose.yml`` without a container engine: each image as two folders, each container as a process.

What the Dockerfile copies is copied by its own line, what it installs is linked (``site_packages``), and a command of the
compose file finds the environment and the secrets it has there. Not here: read-only files, networks, and the servers' images.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

from deploy import site_packages
from deploy.local.throwaway import eventually, free_port
from tests.architecture import compose, source

#: Where the gateway's clients come in, and where a process says how it is.
PORT, HEALTH_PORT = "8000", "8080"


class Image:
    """A deployable, as its image holds it."""

    def __init__(self, deployable: str, folder: Path) -> None:
        self.app = folder / "app"
        self.folder = folder
        self._copy(deployable)
        self.python = site_packages.make(folder / "venv", deployable)

    def _copy(self, deployable: str) -> None:
        """Run the line of the Dockerfile that puts the deployable's folders in place, for a folder of our own."""
        line = re.search(r"^RUN (case .*?[^\\])\n", source.text(Path("deploy/Dockerfile")), re.MULTILINE | re.DOTALL)
        assert line is not None
        command = re.sub(r"(?<=\s)/app\b", '"$APP"', line[1])
        environment = {"PATH": os.environ["PATH"], "DEPLOYABLE": deployable, "APP": str(self.app)}
        self.folder.mkdir(parents=True)
        subprocess.run(["bash", "-euc", command], cwd=source.ROOT, env=environment, check=True, timeout=60)

    def popen(self, arguments: list[str], environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
        """Start the image's Python with nothing in its environment but `environment`."""
        found = {"PATH": "/usr/bin:/bin", "PYTHONWARNINGS": "ignore", **environment}
        command = [str(self.python), *arguments]
        with open(log, "ab") as output:
            return subprocess.Popen(
                command, cwd=self.app, env=found, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    def run(self, *arguments: str, environment: dict[str, str] | None = None) -> tuple[int, str]:
        """Run the image's Python to its end; its exit status and all its output."""
        log = self.folder / "run.log"
        log.write_bytes(b"")
        status = self.popen(list(arguments), environment or {}, log).wait(timeout=60)
        return status, log.read_text()


class Containers:
    """The services of the compose file as processes on this machine."""

    def __init__(self, folder: Path, secrets: Path, more: dict[str, str]) -> None:
        self._folder, self._secrets, self._more = folder, secrets, more
        self._ports: dict[tuple[str, str], int] = {}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.image = cache(lambda deployable: Image(deployable, folder / "images" / deployable))

    def environment(self, name: str) -> dict[str, str]:
        """What a service finds: its variables, with addresses of this machine, and a folder with the secrets granted to it."""
        one = compose.ours()[name]
        run = self._folder / "run" / name
        if not run.exists():
            (run / "secrets").mkdir(parents=True)
            (run / "metrics").mkdir()
            for file, target in compose.granted(one).items():
                shutil.copy2(self._secrets / file, run / "secrets" / target)
        found = {key: str(value).replace("/run/", f"{run}/") for key, value in one["environment"].items()}
        for key, value in found.items():
            for port in (PORT, HEALTH_PORT):
                if value.endswith(port):
                    found[key] = value.replace(port, str(self.port(name, port)))
        return {key: value.replace("0.0.0.0", "127.0.0.1") for key, value in found.items()} | self._more

    def port(self, name: str, port: str) -> int:
        """Where one of its ports is here."""
        return self._ports.setdefault((name, port), free_port())

    def start(self, name: str) -> None:
        """Start a service's command; `end_of` and `await_healthy` say what becomes of it."""
        one = compose.ours()[name]
        image = self.image(compose.deployable(one))
        arguments = ["-m", *one["command"]]
        self.running[name] = image.popen(arguments, self.environment(name), self.log(name))

    def run_jobs(self) -> None:
        """Every one-shot job, to its end; each must end well."""
        for name in compose.jobs():
            self.start(name)
        for name in compose.jobs():
            assert self.end_of(name, seconds=90) == 0, f"{name}:\n{self.log(name).read_text()}"

    def await_healthy(self, name: str) -> None:
        """Return when the health check of the compose file says so; fails when the process ends or the time does."""
        one = compose.ours()[name]
        python, _, script = one["healthcheck"]["test"][1:]
        assert python == "python"
        image, script = (
            self.image(compose.deployable(one)),
            script.replace(HEALTH_PORT, str(self.port(name, HEALTH_PORT))),
        )

        def is_healthy() -> bool:
            assert self.running[name].poll() is None, f"{name} has ended:\n{self.log(name).read_text()}"
            return image.run("-c", script)[0] == 0

        eventually(is_healthy, seconds=90, what=f"the health of {name}")

    def end_of(self, name: str, *, seconds: float) -> int:
        """The exit status of a service that is about to end."""
        return self.running.pop(name).wait(timeout=seconds)

    def log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def close(self) -> None:
        """End whatever still runs."""
        for process in self.running.values():
            process.kill()
        for process in self.running.values():
            process.wait(timeout=20)
