"""The environment of talent beyond what every service reads (``chassis.ground.settings``).

People's keys are the keyrings ``id_encryption`` and ``id_lookup`` of KEY_DIR, uploads' is ``upload_encryption``; the variables
of imports are in ``import_settings``.
"""

from __future__ import annotations

from dataclasses import dataclass

from environs import Env


@dataclass(frozen=True)
class TalentSettings:
    """What talent reads for itself."""

    lapse_check_seconds: float = 60.0
    """How often affiliations whose period has run out are ended."""
    expiry_check_seconds: float = 3600.0
    """How often entries of registers that expire soon are looked for."""
    expiry_reminder_days: int = 30
    """How many days before it expires an entry is announced."""


def load() -> TalentSettings:
    """TALENT_LAPSE_CHECK_SECONDS, default 60; TALENT_EXPIRY_CHECK_SECONDS, 3600; TALENT_EXPIRY_REMINDER_DAYS, 30."""
    env = Env()
    return TalentSettings(
        lapse_check_seconds=env.float("TALENT_LAPSE_CHECK_SECONDS", TalentSettings.lapse_check_seconds),
        expiry_check_seconds=env.float("TALENT_EXPIRY_CHECK_SECONDS", TalentSettings.expiry_check_seconds),
        expiry_reminder_days=env.int("TALENT_EXPIRY_REMINDER_DAYS", TalentSettings.expiry_reminder_days),
    )
