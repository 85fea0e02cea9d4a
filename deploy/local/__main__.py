"""``python -m deploy.local run|up|down|scale|demo|doctor|command|with-test-servers|new-migration``: what the Makefile calls."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from deploy.local import environment, new_migrations, platform, scaling
from deploy.local.packages import ROOT, say
from deploy.local.platform import Platform
from deploy.local.running import TESTS
from doctor import examination


@contextmanager
def _pointing_to_the_doctor() -> Iterator[None]:
    """Add a hint at `make doctor` to the message of a start that fails."""
    try:
        yield
    except SystemExit as end:
        if isinstance(end.code, str):
            raise SystemExit(f"{end.code}\n`make doctor` reports what is wrong and what to type.") from None
        raise


@click.group()
def main() -> None:
    """The one-command local stack."""


@main.command()
def run() -> None:
    """Run the platform in the foreground; loads the demo city into an empty one."""
    with _pointing_to_the_doctor():
        status = platform.run()
    sys.exit(status)


@main.command()
def up() -> None:
    """Start the platform detached; returns when it is ready."""
    started = Platform()
    with started.place.locked("another start"), _pointing_to_the_doctor():
        started.up()
    platform.welcome(started)
    click.echo("`make demo` loads the demo city, `make down` stops everything.")


@main.command()
def down() -> None:
    """Stop everything this checkout has started."""
    Platform().stop()
    Platform(is_test=True).stop()
    say("everything has ended")


@main.command()
@click.argument("wanted", metavar="SERVICE=NUMBER", nargs=-1)
def scale(wanted: tuple[str, ...]) -> None:
    """As many processes of a service in the running platform; without arguments, how many there are."""
    running = Platform()
    with running.place.locked("another start"):
        running.set_scale(scaling.read(wanted))
    click.echo(" ".join(f"{service}={count}" for service, count in running.scale.counts().items()))


@main.command()
def demo() -> None:
    """Load the demo city into the running platform."""
    Platform().load_demo()


@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("options", nargs=-1)
def doctor(options: tuple[str, ...]) -> None:
    """Report what is wrong with this checkout's platform, and what to type (--json, --lang zh|en)."""
    sys.exit(examination.main(options))


@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("words", nargs=-1, required=True)
def command(words: tuple[str, ...]) -> None:
    """Run `python -m WORDS` with the environment of this checkout's platform, e.g. services.perks dead list."""
    complete = {**os.environ, **environment.current()}
    os.execve(sys.executable, [sys.executable, "-m", *words], complete)


@main.command("with-test-servers", context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1, required=True)
def with_test_servers(command: tuple[str, ...]) -> None:
    """Run a command while the private test servers run; their addresses are in its environment."""
    servers = Platform(is_test=True)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    with servers.place.locked("another run of the tests"):
        try:
            servers.start_servers()
            named = {
                "TEST_DATABASE_URL": servers.postgres.url,
                "TEST_AMQP_URI": servers.rabbitmq.uri(),
                "TEST_RABBIT_API": servers.rabbitmq.api,
                TESTS: str(servers.place.state),
            }
            status = subprocess.run(command, cwd=ROOT, env={**os.environ, **named}, check=False).returncode
        finally:
            servers.stop()
    sys.exit(status)


@main.command("new-migration")
@click.argument("service")
@click.argument("name")
def new_migration(service: str, name: str) -> None:
    """Write the next numbered migration of SERVICE, e.g. perks add_venue_to_redemptions."""
    click.echo(new_migrations.write(service, name).relative_to(ROOT))


if __name__ == "__main__":
    main()
