"""Starts events: ``python -m services.events [run|migrate|dead …]``."""

from chassis.commands import main

main("services.events")
