"""Runs events' migrations on the connection ``chassis.migrations.upgrade`` holds."""

from chassis.migrations import run_env

run_env()
