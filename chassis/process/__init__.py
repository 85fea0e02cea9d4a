"""A service process: starting, stopping, its worker pools, timers, health, and what is injected into workers."""
