"""A gateway that is connected to nothing: for what it answers by itself, its description, its pages and its refusals."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from gateway.app import create_app
from gateway.settings import GatewaySettings


def unconnected(keys: Path, url: str) -> Flask:
    """The application with these keys; nothing listens where it would call, so whoever is let in is answered 503 or 504."""
    return create_app(
        GatewaySettings(
            database_url="postgresql://nobody@127.0.0.1:1/none",
            amqp_uri="amqp://nobody:none@127.0.0.1:1/",
            bind="127.0.0.1:0",
            public_url=url,
            workers=1,
            key_dir=keys,
            is_dev=True,
            call_seconds=1.0,
        )
    )
