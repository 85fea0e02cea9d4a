"""The sizes, limits and times of imports: every one a setting, with its meaning and default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from environs import Env

MIB = 1024 * 1024


@dataclass(frozen=True)
class ImportSettings:
    """Read from <SERVICE>_IMPORT_*; the defaults take a file of 50,000 rows on a small machine."""

    max_bytes: int = 20 * MIB
    """Size of an upload."""
    day_bytes: int = 1024 * MIB
    """What one client may announce within 24 hours."""
    max_rows: int = 50_000
    """Rows of a file."""
    max_columns: int = 200
    max_unpacked_bytes: int = 300 * MIB
    """What the parts of an XLSX archive may add up to."""
    memory_bytes: int = 1024 * MIB
    """Address space of the child process that opens a file."""
    cpu_seconds: int = 60
    wall_seconds: int = 120
    answer_bytes: int = 256 * MIB
    child_user: int = 65534
    """User and group id of the child process where the service runs as root; 65534 is nobody."""
    chunk_rows: int = 500
    """Rows applied in one transaction."""
    part_bytes: int = 256 * 1024
    """Size of one part of a stored file; every part of an upload but its last has it."""
    lease_seconds: int = 20
    """How long a silent replica keeps an import before another takes it over."""
    renew_seconds: int = 5
    max_attempts: int = 5
    """Takeovers without any progress after which an import is given up."""
    unfinished_hours: int = 48
    """How long the pieces of an upload that nobody submits stay."""
    keep_days: int = 30
    """How long imports, their verdicts and annotated workbooks stay (architecture, "Personal data at rest elsewhere")."""

    def child_limits(self) -> dict[str, Any]:
        """The limits as the child process takes them."""
        return {
            "limits": {
                "memory_bytes": self.memory_bytes,
                "cpu_seconds": self.cpu_seconds,
                "wall_seconds": self.wall_seconds,
                "answer_bytes": self.answer_bytes,
            },
            "table_limits": {
                "unpacked_bytes": self.max_unpacked_bytes,
                "parts": 2_000,
                "rows": self.max_rows,
                "columns": self.max_columns,
            },
        }


def load(service: str) -> ImportSettings:
    """The settings of a service from the environment; an unreadable value stops the service at its start."""
    env = Env()
    with env.prefixed(f"{service.upper()}_IMPORT_"):
        return ImportSettings(
            max_bytes=env.int("MAX_BYTES", ImportSettings.max_bytes),
            day_bytes=env.int("DAY_BYTES", ImportSettings.day_bytes),
            max_rows=env.int("MAX_ROWS", ImportSettings.max_rows),
            memory_bytes=env.int("MEMORY_BYTES", ImportSettings.memory_bytes),
            cpu_seconds=env.int("CPU_SECONDS", ImportSettings.cpu_seconds),
            wall_seconds=env.int("WALL_SECONDS", ImportSettings.wall_seconds),
            child_user=env.int("CHILD_USER", ImportSettings.child_user),
            lease_seconds=env.int("LEASE_SECONDS", ImportSettings.lease_seconds),
            keep_days=env.int("KEEP_DAYS", ImportSettings.keep_days),
        )
