"""Changes the current key of a keyring or key set: ``python -m deploy.rotate_key add|use|drop`` (docs/operating.md, Keys).

Each step is followed by a restart of all processes that read the file, so that no replica meets an unknown key. Keyrings are
read in ``chassis.keys.rings``, signing keys in ``chassis.keys.signed_tokens`` and by the gateway.
Not here: when an old key may be dropped (docs/operating.md).
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path
from typing import Any

import click
from joserfc.jwk import OKPKey


@click.group()
def main() -> None:
    """Change the current key of a file of KEY_DIR."""


FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@main.command()
@FILE
def add(file: Path) -> None:
    """Add a key to FILE and print its id. The current key stays current."""
    content = json.loads(file.read_text())
    key_id = f"key-{secrets.token_hex(4)}"
    if isinstance(content["keys"], dict):
        content["keys"][key_id] = base64.b64encode(os.urandom(32)).decode()
    else:
        key = OKPKey.generate_key("Ed25519", {"kid": key_id, "use": "sig", "alg": "Ed25519"}, private=True)
        content["keys"].append(key.as_dict(private=True))
    _replace(file, content)
    click.echo(key_id)


@main.command()
@FILE
@click.argument("key_id")
def use(file: Path, key_id: str) -> None:
    """Make KEY_ID the current key of FILE: it seals and signs from the next start on."""
    content = json.loads(file.read_text())
    _refuse_unknown(content, key_id)
    _replace(file, {**content, "current": key_id})


@main.command()
@FILE
@click.argument("key_id")
def drop(file: Path, key_id: str) -> None:
    """Remove KEY_ID from FILE: values sealed or signed with it can no longer be read."""
    content = json.loads(file.read_text())
    _refuse_unknown(content, key_id)
    if content["current"] == key_id:
        raise click.ClickException(f"{key_id} is the current key of {file}")
    keys = content["keys"]
    if isinstance(keys, dict):
        del keys[key_id]
    else:
        content["keys"] = [key for key in keys if key["kid"] != key_id]
    _replace(file, content)


def _refuse_unknown(content: dict[str, Any], key_id: str) -> None:
    keys = content["keys"]
    known = list(keys) if isinstance(keys, dict) else [key["kid"] for key in keys]
    if key_id not in known:
        raise click.ClickException(f"there is no key {key_id}; there are {', '.join(known)}")


def _replace(file: Path, content: dict[str, Any]) -> None:
    """Replace the file atomically; its owner stays the same, and only the owner can read it."""
    before, written = file.stat(), file.with_suffix(".new")
    written.unlink(missing_ok=True)
    written.touch(mode=0o600)
    written.write_text(json.dumps(content, indent=1))
    if os.geteuid() == 0:
        os.chown(written, before.st_uid, before.st_gid)
    os.replace(written, file)


if __name__ == "__main__":
    main()
