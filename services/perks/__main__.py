"""Starts perks: ``python -m services.perks [run|migrate|dead …]``."""

from chassis.process.commands import main

main("services.perks")
