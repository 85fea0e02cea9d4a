"""Starts notify: ``python -m services.notify [run|migrate|dead …]``."""

from chassis.commands import main

main("services.notify")
