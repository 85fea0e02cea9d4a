"""The subjects of perks, joined once.

``tables`` knows their tables by it, ``figures`` their ``COUNTERS``, ``sources`` what they can send again (``SOURCES``).
"""

from __future__ import annotations

from services.perks import copies, entitlements, passes, redemptions, schemes

SUBJECTS = (schemes, entitlements, passes, redemptions, copies)
