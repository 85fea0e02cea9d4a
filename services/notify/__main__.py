"""Starts notify: ``python -m services.notify [run|migrate|dead …]``."""

from chassis.process.commands import main

main("services.notify")
