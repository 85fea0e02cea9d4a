"""Gives a deployment with one database role for each service a second one: ``python -m deploy.running_roles deploy/secrets``.

The role it has becomes the owner's, for ``migrate`` alone; a new one runs. Lives here: the addresses and the SQL that makes
the roles. Not here: their rights (``chassis.store.migrations.rights``), and when to do what (docs/operating.md).
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from pathlib import Path

import click
from sqlalchemy import make_url

from deploy.local.broker_users import GATEWAY
from deploy.local.database_roles import running_role
from deploy.local.processes import services
from deploy.new_secrets import scram_verifier


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
def main(folder: Path) -> None:
    """Write the addresses of both roles and running_roles.sql into FOLDER, which has the owners' addresses."""
    names = [*services(), GATEWAY]
    if any(_owners(folder, name).exists() for name in names):
        sys.exit("A role that runs has an address already: nothing was changed.")
    statements = [_second_role(folder, name) for name in names]
    (folder / "running_roles.sql").write_text("\n".join(statements) + "\n")
    click.echo(f"{len(names)} addresses written; {folder}/running_roles.sql makes their roles")


def _second_role(folder: Path, name: str) -> str:
    """Write both addresses, with the mode and the user of the first; returns the SQL that makes the role that runs."""
    path, password = folder / f"{name}_database_url", secrets.token_hex(24)
    owner = make_url(path.read_text().strip())
    role = running_role(str(owner.username))
    shutil.copy2(path, _owners(folder, name))
    os.chown(_owners(folder, name), path.stat().st_uid, path.stat().st_gid)
    path.write_text(owner.set(username=role, password=password).render_as_string(hide_password=False) + "\n")
    return f"create role \"{role}\" login password '{scram_verifier(password, os.urandom(16))}';"


def _owners(folder: Path, name: str) -> Path:
    return folder / f"{name}_migration_database_url"


if __name__ == "__main__":
    main()
