"""Settings come from the environment or from files it names, and every variable is documented."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from chassis.ground import settings
from chassis.ground.settings import broker_settings, service_settings

REQUIRED = {"TALENT_DATABASE_URL": "postgresql://db/talent", "AMQP_URI": "amqp://broker/"}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("TALENT_AMQP_URI", "YOUTHCITY_ENV", "KEY_DIR", "RETRY_DELAYS", "GATEWAY_BROKER_USER", "CHECK_EVENTS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


class TestServiceSettings:
    def test_are_safe_by_default(self) -> None:
        found = service_settings("talent")
        assert (found.environment, found.is_dev, found.checks_events) == ("prod", False, False)
        assert (found.health_host, found.health_port) == ("127.0.0.1", 0)
        assert found.trusted_broker_users == {"gateway"}
        assert found.lane_workers == {"rpc": 16, "events": 4, "relay": 1, "timers": 4}
        assert found.retry_delays == (5.0, 60.0, 600.0)
        assert found.key_dir == Path("keys")

    def test_prefer_the_service_s_own_broker_user(self, environment: pytest.MonkeyPatch) -> None:
        assert service_settings("talent").amqp_uri == "amqp://broker/"
        environment.setenv("TALENT_AMQP_URI", "amqp://talent:x@broker/")
        assert service_settings("talent").amqp_uri == "amqp://talent:x@broker/"

    def test_read_a_secret_from_the_file_named_for_it(self, environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
        secret = tmp_path / "database_url"
        secret.write_text("postgresql://from-a-file/talent\n")
        environment.delenv("TALENT_DATABASE_URL")
        environment.setenv("TALENT_DATABASE_URL_FILE", str(secret))
        assert service_settings("talent").database_url == "postgresql://from-a-file/talent"

    @pytest.mark.parametrize("name", REQUIRED)
    def test_say_what_is_missing(self, environment: pytest.MonkeyPatch, name: str) -> None:
        environment.delenv(name)
        with pytest.raises(RuntimeError, match=name):
            service_settings("talent")

    def test_refuse_to_live_in_the_future_outside_dev(self, environment: pytest.MonkeyPatch) -> None:
        environment.setenv("CLOCK_AHEAD_SECONDS", "86400")
        assert service_settings("talent").clock_ahead_seconds == 0
        environment.setenv("YOUTHCITY_ENV", "dev")
        assert service_settings("talent").clock_ahead_seconds == 86400

    def test_refuse_what_cannot_be_read(self, environment: pytest.MonkeyPatch) -> None:
        environment.setenv("TALENT_RPC_WORKERS", "many")
        with pytest.raises(Exception, match="TALENT_RPC_WORKERS"):
            service_settings("talent")

    def test_show_no_secret_where_they_are_printed(self, environment: pytest.MonkeyPatch) -> None:
        environment.setenv("TALENT_DATABASE_URL", "postgresql://talent:s3cret@db/talent")
        environment.setenv("TALENT_AMQP_URI", "amqp://talent:s3cret@broker/")
        assert "s3cret" not in repr(service_settings("talent"))
        assert "s3cret" not in repr(broker_settings())


class TestDocumentation:
    def test_tells_every_variable_that_is_read(self) -> None:
        source = inspect.getsource(settings)
        code = re.sub(r'""".*?"""', "", source, flags=re.DOTALL)
        named = set(re.findall(r'f?"(?:\{prefix\})?_?([A-Z][A-Z_]+)"', code))
        assert {"DATABASE_URL", "RPC_WORKERS", "KEY_DIR", "CHECK_EVENTS"} <= named
        documented = (service_settings.__doc__ or "") + (broker_settings.__doc__ or "")
        assert [name for name in sorted(named) if name not in documented] == []
