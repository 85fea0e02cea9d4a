"""``python -m deploy.local run|up|down|demo|with-test-servers …``: what the Makefile calls."""

from __future__ import annotations

import os
import subprocess
import sys

import click

from deploy.local import platform
from deploy.local.place import ROOT
from deploy.local.platform import Platform


@click.group()
def main() -> None:
    """The one-command local stack."""


@main.command()
def run() -> None:
    """Run the platform in the foreground; loads the demo city into an empty one."""
    sys.exit(platform.run())


@main.command()
def up() -> None:
    """Start the platform detached; returns when it is ready."""
    started = Platform()
    started.up()
    platform.welcome(started)


@main.command()
def down() -> None:
    """Stop everything this checkout has started."""
    Platform().stop()
    Platform(is_test=True).stop()


@main.command()
def demo() -> None:
    """Load the demo city into the running platform."""
    running = Platform()
    running.load_demo()
    running.mark_loaded()


@main.command("with-test-servers", context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1, required=True)
def with_test_servers(command: tuple[str, ...]) -> None:
    """Run a command with the private test servers up and named in its environment; they stop after it."""
    servers = Platform(is_test=True)
    assert servers.postgres is not None and servers.rabbitmq is not None
    servers.start_servers()
    environment = {
        "TEST_DATABASE_URL": servers.postgres.url,
        "TEST_AMQP_URI": servers.rabbitmq.uri(),
        "TEST_RABBIT_API": servers.rabbitmq.api,
    }
    try:
        status = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False).returncode
    finally:
        servers.stop()
    sys.exit(status)


if __name__ == "__main__":
    main()
