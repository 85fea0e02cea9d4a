"""The law of rosters: headers and cells."""
