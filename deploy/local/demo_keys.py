"""Key files of mode 0600, made once.

Demo keys are kept with the data and marked "demo", so that processes refuse them outside dev. ``deploy.new_secrets`` makes
real keys with the same function.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

from joserfc.jwk import OKPKey

KEYRINGS = ("id_encryption", "id_lookup", "upload_encryption", "cursor", "idempotency")
SIGNING = ("token_signing", "pass_signing", "ticket_signing")


def make(folder: Path, *, is_demo: bool = True) -> None:
    """Make the key files that are missing in `folder`."""
    label = "demo1" if is_demo else "first"
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in KEYRINGS:
        secret = base64.b64encode(os.urandom(32)).decode()
        _write(folder / f"{name}.json", {"demo": is_demo, "current": label, "keys": {label: secret}})
    for name in SIGNING:
        key_id = f"{name}-{label}"
        key = OKPKey.generate_key("Ed25519", {"kid": key_id, "use": "sig", "alg": "Ed25519"}, private=True)
        _write(folder / f"{name}.json", {"demo": is_demo, "current": key_id, "keys": [key.as_dict(private=True)]})


def _write(path: Path, content: dict[str, object]) -> None:
    if not path.exists():
        written = path.with_suffix(".new")  # a start that is killed here leaves no half a key
        written.touch(mode=0o600)
        written.write_text(json.dumps(content, indent=1))
        written.replace(path)
