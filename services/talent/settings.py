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


def load() -> TalentSettings:
    """TALENT_LAPSE_CHECK_SECONDS, default 60."""
    return TalentSettings(
        lapse_check_seconds=Env().float("TALENT_LAPSE_CHECK_SECONDS", TalentSettings.lapse_check_seconds)
    )
