"""The published language of Youth City: commands, records, events and refusals. Nothing here knows who speaks it."""
