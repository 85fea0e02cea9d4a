"""What talent can send again to a service that has lost its copy, joined from its subjects (``chassis.rebuilding.republish``)."""

from __future__ import annotations

from chassis.rebuilding.republish import Read
from services.talent.subjects import SUBJECTS

#: Subject → how its pages are read, in the order in which a service that has nothing needs them.
SOURCES: dict[str, Read] = {
    name: read for subject in SUBJECTS for name, read in getattr(subject, "SOURCES", {}).items()
}
