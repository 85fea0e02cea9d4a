"""What all tests share, from ``tests/support``: the servers and fresh pieces of both, and the platform of the tests over HTTP.

Here too: which tests need servers, which are proofs, and which stay together in a parallel run.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

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
    "tests/access",
    "tests/bad_input",
    "tests/chassis/process/test_lanes.py",
    "tests/cluster",
    "tests/deploy/test_alone.py",
    "tests/deploy/test_machine.py",
    "tests/deploy/test_nginx.py",
    "tests/deploy/test_servers.py",
    "tests/deploy/test_stack.py",
    "tests/doctor/test_servers.py",
    "tests/journeys/test_hostile_files.py",
    "tests/journeys/test_rebuild.py",
    "tests/journeys/test_restore_drill.py",
    "tests/resilience",
    "tests/talent/imports/test_hostile_files.py",
    "tests/talent/imports/test_libreoffice.py",
    "tests/talent/imports/registers/test_killed.py",
)

#: The tests that use `platform`, which is started once: they run in one worker.
ON_THE_PLATFORM = (
    "tests/cities/test_on_the_platform.py",
    "tests/cli/",
    "tests/events/registrations/test_process_races.py",
    "tests/events/test_http.py",
    "tests/gateway/auth/",
    "tests/gateway/description/",
    "tests/journeys/",
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
    """Mark what needs servers and what is a proof; the tests of the platform, which take longest, come first."""
    for item in items:
        path = item.path.relative_to(config.rootpath)
        if {"database_server", "broker"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("needs_servers")
        if any(path.is_relative_to(proof) for proof in PROOFS):
            item.add_marker("proof")
    items.sort(key=lambda item: not _is_on_the_platform(item.nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return TogetherScheduling(config, log)


class TogetherScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """In a parallel run the tests of a file stay in one worker, and so do all tests of the platform."""

    def _split_scope(self, nodeid: str) -> str:
        return "the platform" if _is_on_the_platform(nodeid) else nodeid.partition("::")[0]


def _is_on_the_platform(nodeid: str) -> bool:
    return nodeid.startswith(ON_THE_PLATFORM)
