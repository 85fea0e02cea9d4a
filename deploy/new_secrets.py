"""Makes every secret of ``deploy/compose.yml``, once: ``python -m deploy.new_secrets deploy/secrets``.

Lives here: passwords, the broker's users, the databases, their owners and the roles that run, addresses, and keys. Not here:
the permissions of each broker user (``deploy.local.broker_users``), and rotating a key (docs/operating.md).

Only addresses and keys contain clear-text secrets, readable by the images' user alone; the servers' files contain salted hashes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from deploy.local import demo_keys
from deploy.local.broker_users import GATEWAY, OPS, VHOST, rights
from deploy.local.database_roles import running_role
from deploy.local.processes import services

#: The user of the images (deploy/Dockerfile).
IMAGE_USER = 10001
SCRAM_ROUNDS = 4096
#: The servers' images read their files as other users; the folder itself is closed to others.
FOR_SERVERS, FOR_IMAGES = 0o644, 0o600


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--postgres", default="postgres:5432", show_default=True, help="host:port of PostgreSQL.")
@click.option("--broker", default="rabbitmq:5672", show_default=True, help="host:port of RabbitMQ.")
def main(folder: Path, postgres: str, broker: str) -> None:
    """Make the secrets of deploy/compose.yml in FOLDER, which must be new."""
    if folder.exists():
        sys.exit(f"{folder} is there already: nothing was changed.")
    make(folder, postgres=postgres, broker=broker)
    if os.geteuid() != 0:
        click.echo(
            f"The images run as user {IMAGE_USER}: sudo chown {IMAGE_USER} {folder}/*.json {folder}/*_u* {folder}/*_ca"
        )


def make(folder: Path, *, postgres: str, broker: str, prefix: str = "", vhost: str = VHOST) -> None:
    """Write every file; `prefix` stands before each user and database, for several platforms on the same servers."""
    folder.mkdir(mode=0o700, parents=True)
    demo_keys.make(folder, is_demo=False)
    owners, running = ({name: secrets.token_hex(24) for name in (*services(), GATEWAY)} for _ in range(2))
    users = {name: secrets.token_hex(24) for name in (*services(), GATEWAY, OPS)}
    for name, password in owners.items():
        owner, database = f"{prefix}{name}", f"{postgres}/{prefix}youthcity_{name}\n"
        login = f"{running_role(owner)}:{running[name]}"
        _write(folder / f"{name}_database_url", f"postgresql://{login}@{database}", FOR_IMAGES)
        _write(folder / f"{name}_migration_database_url", f"postgresql://{owner}:{password}@{database}", FOR_IMAGES)
    for name, password in users.items():
        _write(folder / f"{name}_amqp_uri", f"amqp://{prefix}{name}:{password}@{broker}/{vhost}\n", FOR_IMAGES)
    _write(folder / "notify_smtp_url", "", FOR_IMAGES)
    _write(folder / "notify_smtp_ca", "", FOR_IMAGES)
    for path in folder.iterdir():
        if os.geteuid() == 0:
            os.chown(path, IMAGE_USER, IMAGE_USER)
    _write(folder / "postgres_password", secrets.token_hex(24), FOR_SERVERS)
    _write(folder / "databases.sql", databases_sql(owners, running, prefix=prefix), FOR_SERVERS)
    definitions = broker_definitions(users, prefix=prefix, vhost=vhost)
    _write(folder / "broker_definitions.json", json.dumps(definitions, indent=1), FOR_SERVERS)


def databases_sql(owners: Mapping[str, str], running: Mapping[str, str], *, prefix: str = "") -> str:
    """SQL that makes a database for each name, with a role that owns it and one that runs; both may connect to no other."""
    lines = []
    for name, password in owners.items():
        owner, database = f"{prefix}{name}", f"{prefix}youthcity_{name}"
        runs = running_role(owner)
        lines += [
            f"create role \"{owner}\" login password '{scram_verifier(password, os.urandom(16))}';",
            f"create role \"{runs}\" login password '{scram_verifier(running[name], os.urandom(16))}';",
            f'create database "{database}" owner "{owner}";',
            f'revoke all on database "{database}" from public;',
            f'grant connect on database "{database}" to "{runs}";',
        ]
    return "\n".join(lines) + "\n"


def broker_definitions(passwords: Mapping[str, str], *, prefix: str = "", vhost: str = VHOST) -> dict[str, object]:
    """The vhost, and a user with permissions for each name, as RabbitMQ reads them at its start."""
    users = [
        {"name": f"{prefix}{name}", "password_hash": _broker_hash(password), "tags": ""}
        for name, password in passwords.items()
    ]
    return {"vhosts": [{"name": vhost}], "users": users, **rights(passwords, vhost=vhost, prefix=prefix)}


def _broker_hash(password: str) -> str:
    """RabbitMQ's password hash: base64 of a salt of four bytes and the SHA-256 of salt and password."""
    salt = os.urandom(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def scram_verifier(password: str, salt: bytes) -> str:
    """PostgreSQL's stored form of a password: SCRAM-SHA-256 (RFC 5803)."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, SCRAM_ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt_, stored_, server_ = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${SCRAM_ROUNDS}:{salt_}${stored_}:{server_}"


def _write(path: Path, content: str, mode: int) -> None:
    path.touch(mode=mode)
    path.chmod(mode)
    path.write_text(content)


if __name__ == "__main__":
    main()
