"""Starts the ledger: ``python -m tests.chassis.ledger``. LEDGER_HELD_SECONDS and the like make its handlers less patient."""

# first of all imports: it patches the standard library
from chassis.process.commands import main  # isort: skip

import os

from chassis.events import handlers
from tests.chassis.ledger.service import join_catalogue

for name in ("HELD_SECONDS", "LOST_SECONDS", "SECONDS_ALLOWED"):
    if value := os.environ.get(f"LEDGER_{name}"):
        setattr(handlers, name, float(value))

join_catalogue()
main("tests.chassis.ledger")
