"""What all tests share, from ``tests/support``: the servers and fresh pieces of both, and the platform of the tests over HTTP.

Here too: which tests need servers, which are proofs, and which of them stay together in a parallel run.
"""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.support.platforms import mails, platform, prepared_platform
from tests.support.servers import (
    broker,
    database_server,
    fresh_database,
    migrated_database,
    migrated_template,
    module_database,
    module_migrated_database,
    vhost,
)

#: What proves a promise and takes long: `make proofs` runs these, `make test` all others.
PROOFS = (
    "tests/bad_input",
    "tests/chassis/process/test_lanes.py",
    "tests/cluster",
    "tests/deploy/test_alone.py",
    "tests/deploy/test_machine.py",
    "tests/deploy/test_servers.py",
    "tests/deploy/test_stack.py",
    "tests/doctor/test_servers.py",
    "tests/journeys/test_hostile_files.py",
    "tests/journeys/test_rebuild.py",
    "tests/journeys/test_restore_drill.py",
    "tests/resilience",
    "tests/talent/imports/test_hostile_files.py",
    "tests/talent/imports/test_libreoffice.py",
)

# the machine is shared: a slow example is no failure
settings.register_profile("youth-city", deadline=None)
settings.load_profile("youth-city")

__all__ = [
    "broker",
    "database_server",
    "fresh_database",
    "mails",
    "migrated_database",
    "migrated_template",
    "module_database",
    "module_migrated_database",
    "platform",
    "prepared_platform",
    "vhost",
]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test with what it needs and where it belongs.

    In a parallel run the tests of a file stay in one worker, and so do all tests of the platform, as it is started once.
    """
    for item in items:
        path = item.path.relative_to(config.rootpath)
        fixtures = set(getattr(item, "fixturenames", ()))
        if {"database_server", "broker"} & fixtures:
            item.add_marker("needs_servers")
        if any(path.is_relative_to(proof) for proof in PROOFS):
            item.add_marker("proof")
        item.add_marker(pytest.mark.xdist_group("platform" if "platform" in fixtures else str(path)))
