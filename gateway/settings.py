"""The environment of the gateway, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from environs import Env

from chassis.ground.settings import DEV, PROD, audit_months, private_hosts, secret


@dataclass(frozen=True)
class GatewaySettings:
    """What the gateway needs to know."""

    database_url: str = field(repr=False)
    amqp_uri: str = field(repr=False)
    bind: str
    public_url: str
    workers: int
    key_dir: Path
    is_dev: bool
    call_seconds: float
    audit_months: int = 12
    private_hosts: frozenset[str] = frozenset()
    health_bind: str = "127.0.0.1:0"
    connections: int = 1000
    trusted_proxies: int = 0
    migration_database_url: str = field(default="", repr=False)
    rate_store: str = field(default="", repr=False)
    rates: Mapping[str, str] = field(default_factory=dict)
    """Policy → "6000/minute"; what is not named has no limit."""

    @property
    def port(self) -> int | None:
        """Where clients come in; None for a Unix socket."""
        return port_of(self.bind)


def load() -> GatewaySettings:
    """The settings.

    * GATEWAY_DATABASE_URL (file): clients and their secrets, as the role that runs.
    * GATEWAY_MIGRATION_DATABASE_URL (file): the same as the role that owns the schema, for `migrate` alone;
      GATEWAY_DATABASE_URL without it.
    * GATEWAY_AMQP_URI or AMQP_URI (file): the broker, as the gateway's own user.
    * PRIVATE_HOSTS: hosts reached over a network that is nobody else's; of other hosts it warns in prod without TLS.
    * GATEWAY_BIND: host:port to listen on, 127.0.0.1:8000. GATEWAY_WORKERS: processes, 1.
    * GATEWAY_HEALTH_HOST, GATEWAY_HEALTH_PORT: where /livez, /readyz and /metrics are served; 127.0.0.1 and any free port.
    * GATEWAY_CONNECTIONS 1000: open connections of a worker; beyond them the one waited for longest is closed.
    * GATEWAY_PUBLIC_URL: the address clients use; issuer and audience of tokens; http://<GATEWAY_BIND> where not given.
    * KEY_DIR: the folder with token_signing.json and cursor.json, default "keys".
    * YOUTHCITY_ENV: dev | prod (default). Demo keys are refused in prod.
    * GATEWAY_CALL_SECONDS: how long one call to a service may take, 5; a lost answer is requested once more.
    * AUDIT_MONTHS 12: whole months the audit is kept, never less than six.
    * GATEWAY_TRUSTED_PROXIES: how many proxies stand before it and say whom they pass on (X-Forwarded-For), 0.
    * GATEWAY_RATE_CLIENT, _IMPORTS, _CREDENTIALS, _ADDRESS: the limits, as in `_rates`.
    * GATEWAY_RATE_STORE (file): redis://…, where all workers of all gateways count together; each for itself without it.
    """
    env = Env()
    bind = env.str("GATEWAY_BIND", "127.0.0.1:8000")
    return GatewaySettings(
        database_url=secret(env, "GATEWAY_DATABASE_URL"),
        migration_database_url=secret(env, "GATEWAY_MIGRATION_DATABASE_URL", fallback="GATEWAY_DATABASE_URL"),
        amqp_uri=secret(env, "GATEWAY_AMQP_URI", fallback="AMQP_URI"),
        bind=bind,
        public_url=env.str("GATEWAY_PUBLIC_URL", f"http://{bind}").rstrip("/"),
        workers=env.int("GATEWAY_WORKERS", 1),
        key_dir=env.path("KEY_DIR", Path("keys")),
        is_dev=env.str("YOUTHCITY_ENV", PROD) == DEV,
        call_seconds=env.float("GATEWAY_CALL_SECONDS", 5.0),
        audit_months=audit_months(env),
        private_hosts=private_hosts(env),
        health_bind=_health_bind(env, bind),
        connections=env.int("GATEWAY_CONNECTIONS", 1000),
        trusted_proxies=env.int("GATEWAY_TRUSTED_PROXIES", 0),
        rate_store=_store(env),
        rates=_rates(env),
    )


def port_of(bind: str) -> int | None:
    """The port of host:port, gunicorn's own where there is none; None for a Unix socket."""
    if bind.startswith("unix:"):
        return None
    port = bind.rpartition(":")[2]
    return int(port) if port.isdigit() else 8000


def _health_bind(env: Env, bind: str) -> str:
    health_bind = f"{env.str('GATEWAY_HEALTH_HOST', '127.0.0.1')}:{env.int('GATEWAY_HEALTH_PORT', 0)}"
    if port_of(health_bind) == port_of(bind):
        raise RuntimeError("GATEWAY_HEALTH_PORT must be another than that of GATEWAY_BIND")
    return health_bind


def _rates(env: Env) -> dict[str, str]:
    """The limits; an empty one is no limit.

    * GATEWAY_RATE_CLIENT 6000/minute: requests of one client. GATEWAY_RATE_IMPORTS 600/hour: files it may send.
    * GATEWAY_RATE_CREDENTIALS 30/minute: wrong secrets for one client id from one address.
    * GATEWAY_RATE_ADDRESS 3000/minute: wrong secrets and wrong tokens from one address, of whomever.
    """
    return {
        "client": env.str("GATEWAY_RATE_CLIENT", "6000/minute"),
        "imports": env.str("GATEWAY_RATE_IMPORTS", "600/hour"),
        "credentials": env.str("GATEWAY_RATE_CREDENTIALS", "30/minute"),
        "address": env.str("GATEWAY_RATE_ADDRESS", "3000/minute"),
    }


def _store(env: Env) -> str:
    path = env.str("GATEWAY_RATE_STORE_FILE", "")
    return Path(path).read_text().strip() if path else env.str("GATEWAY_RATE_STORE", "")


def database_url() -> str:
    """GATEWAY_DATABASE_URL (file) alone: all that the commands for clients need."""
    return secret(Env(), "GATEWAY_DATABASE_URL")
