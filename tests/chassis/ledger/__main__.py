"""Starts the ledger: ``python -m tests.chassis.ledger``."""

from chassis.commands import main

main("tests.chassis.ledger")
