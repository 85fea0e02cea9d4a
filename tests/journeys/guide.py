"""The named blocks of an operator's guide, typed at a platform; what they print is for the test to look at."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from deploy.local.packages import find_program
from deploy.local.throwaway import ThrowawayPlatform
from tests.documents.blocks import ROOT, blocks, output_of


def run(document: str, name: str, platform: ThrowawayPlatform, folder: Path) -> str:
    """Run the blocks of that name in `folder`, with an operator's environment and the server's own programs; their output."""
    chosen = [block.text for block in blocks(ROOT / document) if block.name == name]
    assert chosen, f"{document} has no block named {name}"
    server = find_program("postgres")
    assert server is not None
    path = os.pathsep.join([str(Path(sys.executable).parent), str(Path(server).parent), os.environ["PATH"]])
    environment = {**platform.environment, **platform.migrating, "PATH": path, "PYTHONPATH": str(ROOT)}
    return output_of("".join(chosen), folder, environment, 150)
