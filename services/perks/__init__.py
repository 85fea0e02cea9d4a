"""perks: schemes, entitlements, passes, redemptions."""
