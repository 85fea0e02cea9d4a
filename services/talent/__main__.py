"""Starts talent: ``python -m services.talent [run|migrate|dead …]``."""

from chassis.commands import main

main("services.talent")
