"""Starts a part of the stock diary: ``python -m tests.resilience.hazards.stock Diary|Writer|Listener|Caller``."""

import importlib
import sys

import eventlet

eventlet.monkey_patch()  # as ``nameko run`` does, before anything else is imported
importlib.import_module("tests.resilience.hazards.stock.service").main(sys.argv[1])
