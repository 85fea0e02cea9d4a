"""``python -m deploy.sbom TOOL GROUP FILE``: writes the CycloneDX SBOM of what a dependency group installs, without a network.

`make sbom` calls it with the tool's path. An image installs one group, so the SBOM of an image is that of its group.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from deploy import site_packages
from deploy.local.groups import ROOT


def write(tool: str, group: str, file: str) -> None:
    """Let `tool` (cyclonedx-py) read an environment that holds the group alone."""
    with tempfile.TemporaryDirectory() as folder:
        python = site_packages.make(Path(folder), group)
        command = [tool, "environment", "--pyproject", str(ROOT / "pyproject.toml")]
        command += ["--output-reproducible", "--output-file", file, str(python)]
        # it warns that the root component has no dependencies: pyproject.toml has groups instead
        subprocess.run(command, env={**os.environ, "PYTHONWARNINGS": "ignore"}, check=True)


if __name__ == "__main__":
    write(*sys.argv[1:])
