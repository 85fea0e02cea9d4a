"""Deployment: container files, cluster charts, and the one-command local stack."""
