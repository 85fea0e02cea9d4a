"""Files of signing keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from joserfc.jwk import OKPKey


def write_keys(path: Path, *key_ids: str, known: dict[str, Any] | None = None) -> dict[str, Any]:
    """A key set file with one key per id, the last current; `known` keys stay in it."""
    keys = list((known or {"keys": []})["keys"])
    for key_id in key_ids:
        key = OKPKey.generate_key("Ed25519", {"kid": key_id, "use": "sig", "alg": "Ed25519"}, private=True)
        keys.append(key.as_dict(private=True))
    content = {"demo": True, "current": key_ids[-1], "keys": keys}
    path.touch(mode=0o600)
    path.write_text(json.dumps(content))
    return content
