"""``python -m deploy.pin_images FILE``: pins the images of others in an environment file to what their tags mean today.

Each becomes ``name:tag@sha256:…``, of all architectures. It needs docker with buildx, and the registry. Not here: our own images.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

VARIABLES = ("PYTHON_IMAGE", "POSTGRES_IMAGE", "RABBITMQ_IMAGE")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def digest_of(image: str) -> str:
    """The digest that a registry gives for a tag; exits with the engine's complaint when there is none."""
    command = ["docker", "buildx", "imagetools", "inspect", "--format", "{{json .Manifest}}", image]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stderr.strip()}\n{image} has not been pinned; nothing is changed.")
    digest = str(json.loads(done.stdout)["digest"])
    if not _DIGEST.fullmatch(digest):
        sys.exit(f"{image}: no digest but {digest!r}; nothing is changed.")
    return digest


def pin(file: Path) -> None:
    """Rewrite the lines of VARIABLES; a digest they have already is looked up anew."""
    pinned = []
    for line in file.read_text(encoding="utf-8").splitlines():
        name, _, image = line.partition("=")
        if name in VARIABLES:
            tag = image.partition("@")[0]
            line = f"{name}={tag}@{digest_of(tag)}"
            print(line)
        pinned.append(line)
    file.write_text("\n".join(pinned) + "\n", encoding="utf-8")


if __name__ == "__main__":
    pin(Path(sys.argv[1]))
