"""The lanes of a service: requests, events, the relay and timers, each with workers of its own (``pools``).

A lane that is full or slow takes nothing from its neighbours; ``--lanes`` runs any subset in a process, so each is scaled
by itself.
"""

from __future__ import annotations

RPC, EVENTS, RELAY, TIMERS = "rpc", "events", "relay", "timers"
ALL_LANES = (RPC, EVENTS, RELAY, TIMERS)
#: While a service is rebuilt it takes facts in and says what follows; it answers no request from half a copy, and decides
#: nothing before it has all of it.
REBUILDING_LANES = (EVENTS, RELAY)
