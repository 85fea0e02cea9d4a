"""The subjects of talent, joined once.

``tables`` knows their tables by it, ``figures`` their ``COUNTERS``, ``sources`` what they can send again (``SOURCES``).
"""

from __future__ import annotations

from services.talent import affiliations, facts, organisations, people, registers
from services.talent.imports import tables as imports
from services.talent.organisations import sets

SUBJECTS = (organisations, sets, people, affiliations, imports, registers, facts)
