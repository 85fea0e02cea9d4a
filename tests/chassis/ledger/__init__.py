"""A small service on the chassis, for the chassis' own tests: it writes entries and hears of them again as events."""
