"""Calls to a service process over the broker, as patient as any client: what was refused as unavailable was not started."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from chassis.calls import CallContext
from chassis.rpc_client import RpcClient, ServiceUnavailable

PATIENCE_SECONDS = 10.0


def call(client: RpcClient, service: str, method: str, fields: Mapping[str, Any], context: CallContext) -> Any:
    """The answer; asked again for a while when the broker, busy with other tests, is late to say who serves."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return client.call(service, method, fields, context=context, timeout=10)
        except ServiceUnavailable:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.2)
