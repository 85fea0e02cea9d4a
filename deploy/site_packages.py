"""A virtual environment that holds one dependency group and nothing else, as an image does.

Nothing is downloaded: the group and all it requires is linked from what is installed here, file by file.
"""

from __future__ import annotations

import venv
from importlib import metadata
from pathlib import Path

from deploy.local import groups


def make(folder: Path, group: str) -> Path:
    """Make the environment in `folder`; returns its Python."""
    venv.EnvBuilder(symlinks=True).create(folder)
    (site,) = folder.glob("lib/python*/site-packages")
    for name in groups.closure(group):
        _link(metadata.distribution(name), site)
    return folder / "bin" / "python"


def _link(distribution: metadata.Distribution, site: Path) -> None:
    for file in distribution.files or []:
        origin = Path(str(distribution.locate_file(file)))
        if ".." in file.parts or file.suffix == ".pyc" or not origin.exists():
            continue
        target = site.joinpath(*file.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(origin)
