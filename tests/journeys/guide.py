"""The named blocks of an operator's guide, typed at a platform; what they print is for the test to look at."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from deploy.local.throwaway import ThrowawayPlatform
from tests.support.checkouts import Checkout


def run(document: str, name: str, platform: ThrowawayPlatform, folder: Path) -> str:
    """Run the blocks of that name in a checkout at `folder` whose platform is this one; their output."""
    checkout = _checkout(folder)
    checkout.describe_running(platform)
    printed = checkout.types(document, name)
    assert checkout.exposed() == []
    return printed


@cache
def _checkout(folder: Path) -> Checkout:
    return Checkout(folder)
