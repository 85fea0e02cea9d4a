"""What the gateway tests share: a client of the running platform."""

from __future__ import annotations

import pytest

from deploy.local.throwaway import ThrowawayPlatform
from tests.support.api import Api


@pytest.fixture(scope="session")
def api(platform: ThrowawayPlatform) -> Api:
    return Api(
        platform.url,
        platform.client("api_tests", "api_department"),
        operator=platform.client("api_operator", "operations", type="operator"),
    )
