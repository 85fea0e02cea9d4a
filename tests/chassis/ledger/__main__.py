"""Starts the ledger: ``python -m tests.chassis.ledger``."""

from chassis.process.commands import main  # first: it patches the standard library
from tests.chassis.ledger.service import join_catalogue

join_catalogue()
main("tests.chassis.ledger")
