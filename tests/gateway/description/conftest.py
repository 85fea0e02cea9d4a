"""What the tests of the description share: a client of a gateway that is connected to nothing."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from deploy.local import demo_keys
from tests.support.gateways import unconnected

URL = "http://gateway.test"


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    keys = tmp_path_factory.mktemp("description") / "keys"
    demo_keys.make(keys)
    return unconnected(keys, URL).test_client()
