"""The lanes of a service: requests, events, the relay and timers, each with workers of its own (``pools``).

A lane that is full or slow takes nothing from its neighbours; ``--lanes`` runs any subset in a process, so each is scaled
by itself.
"""

from __future__ import annotations

RPC, EVENTS, RELAY, TIMERS = "rpc", "events", "relay", "timers"
ALL_LANES = (RPC, EVENTS, RELAY, TIMERS)
