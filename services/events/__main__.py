"""Starts events: ``python -m services.events [run|migrate|dead …]``."""

from chassis.process.commands import main

main("services.events")
