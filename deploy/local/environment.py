"""The environment of a checkout's platform: composed by a start, and read back without changing anything.

Lives here: the variables of every process and command. Not here: starting them (``platform``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import make_url

from deploy.local import processes, running
from deploy.local.broker_users import GATEWAY, OPS, VHOST
from deploy.local.database_roles import note, running_role
from deploy.local.notes import Notes
from deploy.local.place import existing_place
from deploy.local.postgres import USER


def compose(
    *,
    keys: Path,
    bind: str,
    database_server: str,
    password_of: Callable[[str], str | None],
    broker: str | None,
    uri_of: Callable[[str], str],
) -> dict[str, str]:
    """The variables a start sets for its processes. `broker` is an external broker's URI, if any; `uri_of(user)` the private
    broker's. `password_of` the role that runs a service; the server's own user runs it where there is none.
    """
    server = make_url(database_server)
    user = (urlsplit(broker.split(";")[0]).username or "guest") if broker else ""
    found = {
        "YOUTHCITY_ENV": "dev",
        "KEY_DIR": str(keys),
        "GATEWAY_BIND": bind,
        "GATEWAY_PUBLIC_URL": f"http://{bind}",
        "AMQP_URI": broker or uri_of(OPS),
        "GATEWAY_BROKER_USER": GATEWAY,
    }
    for name in (*processes.services(), GATEWAY):
        url = server.set(database=f"youthcity_{name}")
        if password := password_of(name):
            url = url.set(username=running_role(name), password=password)
        found[f"{name.upper()}_DATABASE_URL"] = url.render_as_string(hide_password=False)
        found[f"{name.upper()}_AMQP_URI"] = broker or uri_of(name)
        if user:  # everybody logs in as this one
            found[f"{name.upper()}_BROKER_USER"] = user
    return found


def migrating(database_server: str) -> dict[str, str]:
    """The variables `migrate` has besides: the databases as their owner, who is the server's own user on this machine."""
    server = make_url(database_server)
    return {
        f"{name.upper()}_MIGRATION_DATABASE_URL": server.set(database=f"youthcity_{name}").render_as_string(
            hide_password=False
        )
        for name in (*processes.services(), GATEWAY)
    }


def of_running(state: Path) -> dict[str, str] | None:
    """The environment of the running supervisor of `state`; None where none runs, or another user runs it."""
    for pid in running.commanded(f"supervisord -c {state / 'supervisord.conf'}"):
        try:
            pairs = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        return dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    return None


def of_next_start(data: Path, notes: Notes, given: Mapping[str, str]) -> dict[str, str] | None:
    """The variables the next start would set, by the notes and by DATABASE_URL, AMQP_URI and GATEWAY_PORT in `given`.

    None before the first start, unless both servers are given.
    """
    server, broker = given.get("DATABASE_URL") or _own_server(notes), given.get("AMQP_URI")
    if server is None or not (broker or notes.kept("port.amqp")):
        return None

    def uri_of(user: str) -> str:
        return f"amqp://{user}:{notes.kept(f'secret.amqp.{user}')}@127.0.0.1:{notes.kept('port.amqp')}/{VHOST}"

    def password_of(name: str) -> str | None:
        return None if given.get("DATABASE_URL") else notes.kept(f"secret.{note(name)}")

    bind = f"127.0.0.1:{given.get('GATEWAY_PORT') or notes.kept(f'port.{GATEWAY}') or 8000}"
    return compose(
        keys=data / "keys", bind=bind, database_server=server, password_of=password_of, broker=broker, uri_of=uri_of
    )


def _own_server(notes: Notes) -> str | None:
    port, secret = notes.kept("port.postgres"), notes.kept("secret.postgres")
    return f"postgresql://{USER}:{secret}@127.0.0.1:{port}/postgres" if port else None


def explicit(given: Mapping[str, str], names: Sequence[str]) -> bool:
    """Whether `given` is itself the environment of a process: it names the database of one of `names`."""
    return any(f"{name.upper()}_DATABASE_URL{ending}" in given for name in names for ending in ("", "_FILE"))


def current() -> dict[str, str]:
    """The environment of the running platform of this checkout, else of its next start, and what `migrate` has besides; exits
    where there is neither.
    """
    place = existing_place()
    notes = Notes(place.data / "notes.json")
    running_in = of_running(place.state)
    found = running_in or of_next_start(place.data, notes, os.environ)
    if found is None:
        raise SystemExit("Nothing has been started in this checkout: `make up` does.")
    server = (running_in or os.environ).get("DATABASE_URL") or _own_server(notes)
    return {**(migrating(server) if server else {}), **found}
