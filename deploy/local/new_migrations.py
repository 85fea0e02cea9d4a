"""Writes the file of the next migration of a service (or of the gateway): numbered, linear, expand only."""

from __future__ import annotations

import re
from pathlib import Path

from chassis.store import migrations

_TEMPLATE = '''"""{title}."""

from alembic import op

revision = "{number:04d}"
down_revision = "{before}"

SQL = """
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SQL)
'''


def write(service: str, name: str) -> Path:
    """Write ``NNNN_<name>.py`` and return its path; exits where `service` has no migrations or `name` is not valid."""
    versions = migrations.location(service) / "versions"
    if not versions.is_dir():
        raise SystemExit(f"{service} has no migrations.")
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)+", name):
        raise SystemExit("The name of a migration is a verb and its object, e.g. create_titles or add_level_to_titles.")
    before = migrations.head(service)
    path = versions / f"{int(before) + 1:04d}_{name}.py"
    title = name.replace("_", " ").capitalize()
    path.write_text(_TEMPLATE.format(title=title, number=int(before) + 1, before=before))
    return path
