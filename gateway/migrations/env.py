"""Runs the gateway's migrations on the connection ``chassis.store.migrations.upgrade`` holds."""

from chassis.store.migrations import run_env

run_env()
