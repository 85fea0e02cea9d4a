"""Starts talent: ``python -m services.talent [run|migrate|dead …]``."""

from chassis.process.commands import main

main("services.talent")
