"""Demo keys: made once, mode 0600, kept with the data, marked "demo" so that they are refused outside dev."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

from joserfc.jwk import OKPKey

KEYRINGS = ("id_encryption", "id_lookup", "upload_encryption", "cursor", "idempotency")
SIGNING = ("token_signing", "pass_signing", "ticket_signing")


def make(folder: Path) -> None:
    """Make the key files that are missing in `folder`."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in KEYRINGS:
        secret = base64.b64encode(os.urandom(32)).decode()
        _write(folder / f"{name}.json", {"demo": True, "current": "demo1", "keys": {"demo1": secret}})
    for name in SIGNING:
        key_id = f"{name}-demo1"
        key = OKPKey.generate_key("Ed25519", {"kid": key_id, "use": "sig", "alg": "Ed25519"}, private=True)
        _write(folder / f"{name}.json", {"demo": True, "current": key_id, "keys": [key.as_dict(private=True)]})


def _write(path: Path, content: dict[str, object]) -> None:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(json.dumps(content, indent=1))
