"""Whole platforms in real processes, on databases and a vhost of their own.

Lives here: one for all tests that speak HTTP (`platform`), and further ones for the tests that need their own.
Not here: the processes themselves (``deploy.local.throwaway``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from deploy.local.throwaway import ThrowawayPlatform
from tests.support.personal_data import leaks
from tests.support.servers import Broker, Make, databases
from tests.support.smtp_sink import Sink

#: Starts nothing yet: `ThrowawayPlatform.start` does.
MakePlatform = Callable[[str], contextlib.AbstractContextManager[ThrowawayPlatform]]

#: No quiet hours, as tests run at any time of the day; pauses short enough to wait for.
NOTIFY_QUICKLY = {
    "NOTIFY_SMTP_FROM": "青年之城 <city@jinzhong.test>",
    "NOTIFY_QUIET_HOURS": "",
    "NOTIFY_SEND_SECONDS": "0.1",
    "NOTIFY_PAUSE_SECONDS": "0.5",
    "NOTIFY_BACK_OFF": "0.5,1",
}


@pytest.fixture(scope="session")
def mails() -> Iterator[Sink]:
    """The SMTP server the platform hands its mails to."""
    made = Sink()
    yield made
    made.close()


@pytest.fixture(scope="session")
def prepared_platform(
    database_server: str, migrated_template: Make, broker: Broker, tmp_path_factory: pytest.TempPathFactory
) -> MakePlatform:
    """Makes a platform in a folder of the given name: databases migrated, queues declared, no process started.

    Its vhost is ``platform.vhost``. At the end of the block its processes stop and nothing of it stays.
    """

    @contextlib.contextmanager
    def prepared(name: str) -> Iterator[ThrowawayPlatform]:
        vhost = broker.make_vhost()
        with databases(database_server) as made:
            platform = ThrowawayPlatform(
                tmp_path_factory.mktemp(name),
                lambda service: made.make(service, template=migrated_template(service)),
                broker.uri(vhost),
                broker.user,
            )
            try:
                platform.prepare()
                yield platform
            finally:
                platform.close()
                broker.drop_vhost(vhost)

    return prepared


@pytest.fixture(scope="session")
def platform(prepared_platform: MakePlatform, broker: Broker, mails: Sink) -> Iterator[ThrowawayPlatform]:
    """A platform with two processes of each service, for all tests that speak HTTP. At the end no invented person may be
    found in its logs, metrics, queues and databases.
    """
    with prepared_platform("platform") as made:
        made.environment |= {"CHECK_EVENTS": "1", "NOTIFY_SMTP_URL": mails.url, **NOTIFY_QUICKLY}
        made.start(processes_each=2)
        yield made
        assert leaks(made, broker) == [], "personal data where none may be"
