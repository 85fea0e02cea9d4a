"""A proxy nobody was told of is noticed: in the metrics, in the log once, and by the doctor."""

from __future__ import annotations

from deploy.local.place import existing_place
from deploy.local.throwaway import ThrowawayPlatform
from doctor import edge
from doctor.remarks import Finding, Passed
from doctor.site import find
from tests.gateway.serving.conftest import Gateways


def test_a_proxy_that_is_not_trusted_is_spoken_of_once(site: ThrowawayPlatform, gateways: Gateways) -> None:
    (api,) = gateways()
    health = site.health_url("gateway-0")
    given = {"GATEWAY_DATABASE_URL": "postgresql:///", "GATEWAY_HEALTH_PORT": health.rpartition(":")[2]}
    examined = find(existing_place(), given)
    assert [type(one) for one in edge.proxies(examined)] == [Passed]
    for _ in range(3):
        assert api.send("GET", "/livez", token="", X_Forwarded_For="192.0.2.7").status == 200
    assert edge.disbelieved(health) == 3
    (found,) = edge.proxies(examined)
    assert isinstance(found, Finding) and found.command.startswith("GATEWAY_TRUSTED_PROXIES=1 ")
    log = (site.folder / "gateway-0.log").read_text()
    assert log.count("set GATEWAY_TRUSTED_PROXIES") == 1
    assert "192.0.2.7" not in log


def test_one_that_is_trusted_is_not(site: ThrowawayPlatform, gateways: Gateways) -> None:
    (api,) = gateways(GATEWAY_TRUSTED_PROXIES="1")
    api.send("GET", "/livez", token="", X_Forwarded_For="192.0.2.7")
    assert edge.disbelieved(site.health_url("gateway-0")) == 0
