"""The environment of perks beyond what every service reads (``chassis.ground.settings``).

Passes are signed with the key set ``pass_signing`` of KEY_DIR.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from environs import Env

from contracts.scans import ScanTimes
from services.perks.passes import Validity


@dataclass(frozen=True)
class PerksSettings:
    """What perks reads for itself."""

    pass_valid: Validity
    """How long a pass can be shown. Its entitlement may end sooner: the gate checks."""
    scan_times: ScanTimes
    """How old a scan may be when an offline scanner sends it, and how far its clock may run ahead."""
    evaluation_seconds: float
    """How often due evaluations are looked for."""


def load() -> PerksSettings:
    """PERKS_PASS_DAYS, default 180: a department's card. PERKS_PASS_MINUTES, 10: a pass drawn by a channel.

    PERKS_SCAN_DAYS, 7; PERKS_SCAN_AHEAD_MINUTES, 5; PERKS_EVALUATION_SECONDS, 1.
    """
    env = Env()
    return PerksSettings(
        pass_valid=Validity(
            card=dt.timedelta(days=env.int("PERKS_PASS_DAYS", 180)),
            shown=dt.timedelta(minutes=env.int("PERKS_PASS_MINUTES", 10)),
        ),
        scan_times=ScanTimes(
            kept=dt.timedelta(days=env.int("PERKS_SCAN_DAYS", 7)),
            ahead=dt.timedelta(minutes=env.int("PERKS_SCAN_AHEAD_MINUTES", 5)),
        ),
        evaluation_seconds=env.float("PERKS_EVALUATION_SECONDS", 1.0),
    )
