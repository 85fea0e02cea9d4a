"""The chassis' tables, as the migrations of the services make them."""

from __future__ import annotations

from pathlib import Path

from chassis.store import migrations


def frozen() -> str:
    """The SQL of all of them."""
    folder = Path(str(migrations.__file__)).parent
    return "".join(migrations.frozen_sql(path.stem) for path in sorted(folder.glob("[0-9]*.sql")))
