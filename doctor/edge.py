"""The gateway as clients reach it: whether a proxy stands before it that it was not told of. It only reads."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator

from deploy.local.broker_users import GATEWAY
from doctor.remarks import Finding, Passed, Remark, Text
from doctor.site import PROBE_SECONDS, Site

PROXIES = Text("代理", "proxies")
_COUNTED = "youthcity_forwarded_disbelieved_total"


def proxies(site: Site) -> Iterator[Remark]:
    """Whether requests came with the word of a proxy that is not believed; no remark where the gateway says nothing."""
    url = _health_url(site)
    count = disbelieved(url) if url else None
    if count is None:
        return
    if not count:
        yield Passed(PROXIES, Text("没有不受信任的代理", "none that is not trusted"))
        return
    yield Finding(
        "proxy_not_trusted",
        GATEWAY,
        Text(
            f"{count:.0f} 个请求带有 X-Forwarded-For，而网关不信任任何代理",
            f"{count:.0f} requests came with X-Forwarded-For, and the gateway trusts no proxy",
        ),
        f"{'' if site.is_given else 'make down && '}GATEWAY_TRUSTED_PROXIES=1 "
        f"{site.command(GATEWAY) if site.is_given else 'make up'}",
        Text(
            "若前面确有代理，所有客户端就共用它的地址和限额；若没有，则是客户端自己写的，不必理会",
            "behind a proxy all clients share its address and its limits; without one a client wrote it: never mind",
        ),
    )


def disbelieved(health_url: str) -> float | None:
    """How many requests a gateway has counted; None where it does not answer."""
    try:
        with urllib.request.urlopen(f"{health_url}/metrics", timeout=PROBE_SECONDS) as answer:
            lines = answer.read().decode(errors="replace").splitlines()
    except OSError:
        return None
    return next((float(line.split()[1]) for line in lines if line.startswith(f"{_COUNTED} ")), None)


def _health_url(site: Site) -> str | None:
    if ready := site.ready_urls().get(GATEWAY):
        return ready.removesuffix("/readyz")
    port = site.environment.get("GATEWAY_HEALTH_PORT")
    host = site.environment.get("GATEWAY_HEALTH_HOST", "127.0.0.1").replace("0.0.0.0", "127.0.0.1")
    return f"http://{host}:{port}" if site.is_given and port else None
