"""The routes of perks, a module per subject."""

from gateway.routes.perks import entitlements, redemptions, schemes

SUBJECTS = (schemes, entitlements, redemptions)
