"""Starts the diary: ``python -m tests.resilience.hazards.diary``."""

import os

from chassis.process.commands import main  # first: it patches the standard library
from chassis.broker import topology  # isort: skip
from tests.resilience.hazards.diary.service import join_catalogue, rename_the_handler

topology.DELIVERY_LIMIT = int(os.environ.get("DIARY_DELIVERY_LIMIT", topology.DELIVERY_LIMIT))
join_catalogue()
if os.environ.get("DIARY_RENAMED"):
    rename_the_handler()
main("tests.resilience.hazards.diary")
