"""What the tests of bad input share: a platform of their own, a client of it, and a look at everything it keeps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from deploy.local.throwaway import ThrowawayPlatform, eventually
from gateway.auth.scopes import TYPES
from tests.bad_input.routes import Document
from tests.support.api import Api
from tests.support.platforms import NOTIFY_QUICKLY, MakePlatform
from tests.support.smtp_sink import Sink


@pytest.fixture(scope="package")
def site(prepared_platform: MakePlatform, mails: Sink) -> Iterator[ThrowawayPlatform]:
    """A platform of its own: whatever is invented stays in it, and nobody else writes meanwhile."""
    with prepared_platform("site") as made:
        made.environment |= {"CHECK_EVENTS": "1", "NOTIFY_SMTP_URL": mails.url, **NOTIFY_QUICKLY}
        made.start(processes_each=1)
        yield made


@pytest.fixture(scope="package")
def api(site: ThrowawayPlatform) -> Api:
    """A client with every scope of a system, an operator's for deliveries, an auditor's, and an app for people themselves."""
    operator = site.client("bad_input_ops", "operations", type="operator")
    auditor = site.client("bad_input_audit", "audit_office", type="auditor")
    app = site.client("bad_input_app", "youth_app", type="channel")
    client = site.client("bad_input", "careless_department", *sorted(TYPES["system"]))
    return Api(site.url, client, operator=operator, auditor=auditor, app=app)


@pytest.fixture(scope="package")
def document(api: Api) -> Document:
    """The description the platform gives of itself."""
    return Document(api.send("GET", "/openapi.json", token="").json)


@pytest.fixture(scope="class")
def nothing_kept(site: ThrowawayPlatform) -> Iterator[None]:
    """For tests that send only what is refused: afterwards every table holds as many rows as before."""
    before = _settled(site)
    yield
    assert rows(site) == before


def _settled(site: ThrowawayPlatform) -> dict[str, int]:
    """The rows once nothing moves any more: facts of earlier tests may be on their way still."""
    seen = [rows(site)]

    def is_still() -> bool:
        seen.append(rows(site))
        return len(seen) > 5 and all(one == seen[-1] for one in seen[-5:])

    eventually(is_still, what="quiet")
    return seen[-1]


def rows(site: ThrowawayPlatform) -> dict[str, int]:
    """How many rows every table of every service has, and the gateway's; but for the audit, which grows with what is read."""
    counted = {}
    for name, url in site.databases.items():
        engine = create_engine(make_url(url).set(drivername="postgresql+psycopg2"), poolclass=NullPool)
        with engine.connect() as connection:
            tables = (
                "select relname from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace"
                " and relname not like 'audit%'"
            )
            for table in connection.scalars(text(tables)).all():
                counted[f"{name}.{table}"] = connection.scalar(text(f'select count(*) from "{table}"')) or 0
    return counted
