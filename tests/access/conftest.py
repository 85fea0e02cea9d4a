"""The town whose records the matrix asks for, made once."""

from __future__ import annotations

import pytest

from deploy.local.throwaway import ThrowawayPlatform
from tests.access.town import Town


@pytest.fixture(scope="package")
def made_town(platform: ThrowawayPlatform, tmp_path_factory: pytest.TempPathFactory) -> Town:
    return Town(platform, tmp_path_factory.mktemp("access"))
