"""Starts perks: ``python -m services.perks [run|migrate|dead …]``."""

from chassis.commands import main

main("services.perks")
