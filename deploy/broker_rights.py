"""The rights of the broker's users, for a broker that runs: ``python -m deploy.broker_rights``, in the words of its definitions.

``rabbitmqctl import_definitions`` takes what is printed, as often as one likes, without a restart and without a password in it.
Not here: what the rights are (``deploy.local.broker_users``), the users and their passwords (``deploy.new_secrets``).
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import click

from contracts.catalogue import EVENTS
from deploy.local import broker_users
from deploy.local.broker_users import GATEWAY, OPS, VHOST, Definition
from deploy.local.processes import services


@click.command()
@click.option(
    "--listener", metavar="DEPARTMENT", help="Of a department that listens; without it, of the platform's own."
)
@click.option(
    "--type",
    "types",
    multiple=True,
    help="An event type the department is named for; without any, all without persons.",
)
@click.option("--vhost", default=VHOST, show_default=True)
@click.option("--prefix", default="", help="Before the name of each user.")
@click.option("--into", type=click.Path(path_type=Path, exists=True), help="Write them into this file of definitions.")
def main(listener: str | None, types: tuple[str, ...], vhost: str, prefix: str, into: Path | None) -> None:
    """Print permissions, topic permissions and limits, for `rabbitmqctl import_definitions`."""
    if listener is None and types:
        raise click.UsageError("--type goes with --listener")
    if unknown := [one for one in types if one not in EVENTS]:
        raise click.UsageError(f"the catalogue has no {', '.join(unknown)}")
    users = [*services(), GATEWAY, OPS]
    if listener is None:
        found = broker_users.rights(users, vhost=vhost, prefix=prefix)
    elif listener in users or not re.fullmatch(r"[a-z][a-z0-9_]*", listener):
        raise click.UsageError(
            f"{listener} is no name for a department's user: small letters, digits and _, and no process's"
        )
    else:
        found = broker_users.listener_rights(listener, types, vhost=vhost, user=f"{prefix}{listener}")
    if into is None:
        click.echo(json.dumps(found, indent=1))
    else:
        into.write_text(json.dumps(merged(json.loads(into.read_text()), found), indent=1))


def merged(known: Definition, rights: Definition) -> Definition:
    """The definitions `known` with these `rights` instead of those the same users had; users and passwords as they were."""
    changed = {(one["user"], one["vhost"]) for one in rights["permissions"]}
    result = dict(known)
    for part in ("permissions", "topic_permissions"):
        others = [one for one in known.get(part, []) if (one["user"], one["vhost"]) not in changed]
        result[part] = others + rights[part]
    for part in ("parameters", "queues"):
        if part in rights:
            named = {(one["name"], one["vhost"]) for one in rights[part]}
            result[part] = [one for one in known.get(part, []) if (one["name"], one["vhost"]) not in named] + rights[
                part
            ]
    return result


if __name__ == "__main__":
    main()
