"""Every environment variable the chassis reads, typed, with its meaning and default.

Lives here: what all services share. A service's own variables are in its ``settings.py``. A variable marked (file) may
also be given as ``<NAME>_FILE``, the path of a file that holds it, so that a secret need not stand in the environment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from environs import Env

from chassis.ground import lanes

#: What reading settings raises for a variable that is missing or wrong.
SettingsProblem: tuple[type[Exception], ...] = (RuntimeError, ValueError)

DEV, PROD = "dev", "prod"


@dataclass(frozen=True)
class BrokerSettings:
    """How to reach the broker and what to declare there."""

    amqp_uri: str = field(repr=False)
    retry_delays: tuple[float, ...]
    quorum_requests: bool


@dataclass(frozen=True)
class ServiceSettings:
    """What every service process needs to know."""

    name: str
    database_url: str = field(repr=False)
    migration_database_url: str = field(repr=False)
    amqp_uri: str = field(repr=False)
    environment: str
    key_dir: Path
    trusted_broker_users: frozenset[str]
    health_host: str
    health_port: int
    lane_workers: dict[str, int]
    retry_delays: tuple[float, ...]
    quorum_requests: bool
    grace_seconds: float
    statement_timeout_seconds: float
    clock_ahead_seconds: float
    checks_events: bool
    private_hosts: frozenset[str]
    requires_event_sender: bool
    audit_months: int

    @property
    def is_dev(self) -> bool:
        """Whether demo keys are accepted."""
        return self.environment == DEV


def broker_settings() -> BrokerSettings:
    """AMQP_URI (file); RETRY_DELAYS, seconds of the retry tiers, "5,60,600"; QUORUM_REQUESTS, for a broker cluster, off."""
    env = Env()
    return BrokerSettings(
        amqp_uri=secret(env, "AMQP_URI"),
        retry_delays=_retry_delays(env),
        quorum_requests=env.bool("QUORUM_REQUESTS", False),
    )


def broker_user_of(service: str) -> str:
    """The broker user whose events and disclosed reads are a service's: <SERVICE>_BROKER_USER, default its name."""
    return str(Env().str(f"{service.upper()}_BROKER_USER", service))


def broker_uri_of(service: str) -> str:
    """The broker as the service's own user: <SERVICE>_AMQP_URI or AMQP_URI (file)."""
    return secret(Env(), f"{service.upper()}_AMQP_URI", fallback="AMQP_URI")


def service_settings(name: str) -> ServiceSettings:
    """The settings of service `name`; below, <N> is its name in capitals.

    * <N>_DATABASE_URL (file): its PostgreSQL database, as the role that runs.
    * <N>_MIGRATION_DATABASE_URL (file): as the schema's owner, for `migrate` alone; <N>_DATABASE_URL without it.
    * <N>_AMQP_URI or AMQP_URI (file): the broker, as this service's own user. Several URIs, ";" between them, for a cluster.
    * YOUTHCITY_ENV: dev | prod (default); prod refuses demo keys. KEY_DIR: the folder of the keyring files, default "keys".
    * GATEWAY_BROKER_USER: whose word about the caller is believed, default "gateway"; <N>_BROKER_USER in `broker_user_of`.
    * REQUIRE_EVENT_SENDER: lay aside events that name no sender, on; off while relays of an older version publish.
    * <N>_HEALTH_HOST, <N>_HEALTH_PORT: where /livez, /readyz and /metrics are served; 127.0.0.1 and any free port.
    * <N>_RPC_WORKERS 16, <N>_EVENTS_WORKERS 4, <N>_TIMERS_WORKERS 4: workers and database connections of each lane.
    * RETRY_DELAYS, QUORUM_REQUESTS: as in `broker_settings`. PRIVATE_HOSTS and AUDIT_MONTHS: as in the functions of that name.
    * GRACE_SECONDS 30: how long a process may take to end. STATEMENT_TIMEOUT_SECONDS 10: longest single SQL statement.
    * CHECK_EVENTS: hold every value of an event against its schema before it is written, off; tests switch it on.
    * CLOCK_AHEAD_SECONDS 0: live that far in the future, to try out what a date brings; dev only.
    """
    env, prefix = Env(), name.upper()
    environment = env.str("YOUTHCITY_ENV", PROD)
    return ServiceSettings(
        name=name,
        database_url=secret(env, f"{prefix}_DATABASE_URL"),
        migration_database_url=secret(env, f"{prefix}_MIGRATION_DATABASE_URL", fallback=f"{prefix}_DATABASE_URL"),
        amqp_uri=broker_uri_of(name),
        environment=environment,
        key_dir=env.path("KEY_DIR", Path("keys")),
        trusted_broker_users=frozenset(env.list("GATEWAY_BROKER_USER", ["gateway"])),
        health_host=env.str(f"{prefix}_HEALTH_HOST", "127.0.0.1"),
        health_port=env.int(f"{prefix}_HEALTH_PORT", 0),
        lane_workers=_lane_workers(env, prefix),
        retry_delays=_retry_delays(env),
        quorum_requests=env.bool("QUORUM_REQUESTS", False),
        grace_seconds=env.float("GRACE_SECONDS", 30.0),
        statement_timeout_seconds=env.float("STATEMENT_TIMEOUT_SECONDS", 10.0),
        checks_events=env.bool("CHECK_EVENTS", False),
        private_hosts=private_hosts(env),
        requires_event_sender=env.bool("REQUIRE_EVENT_SENDER", True),
        audit_months=audit_months(env),
        clock_ahead_seconds=env.float("CLOCK_AHEAD_SECONDS", 0.0) if environment == DEV else 0.0,
    )


def _lane_workers(env: Env, prefix: str) -> dict[str, int]:
    return {
        lanes.RPC: env.int(f"{prefix}_RPC_WORKERS", 16),
        lanes.EVENTS: env.int(f"{prefix}_EVENTS_WORKERS", 4),
        lanes.RELAY: 1,
        lanes.TIMERS: env.int(f"{prefix}_TIMERS_WORKERS", 4),
    }


def audit_months(env: Env) -> int:
    """AUDIT_MONTHS 12: whole months the audit is kept, never less than six."""
    return int(env.int("AUDIT_MONTHS", 12))


def secret(env: Env, name: str, *, fallback: str | None = None) -> str:
    """The value of `name`, or the content of the file ``<name>_FILE`` names, or the same of `fallback`."""
    for candidate in (name, fallback) if fallback else (name,):
        path = env.str(f"{candidate}_FILE", "")
        if path:
            return Path(path).read_text().strip()
        if value := env.str(candidate, ""):
            return value
    raise RuntimeError(f"set {name} or {name}_FILE")


def private_hosts(env: Env) -> frozenset[str]:
    """PRIVATE_HOSTS: hosts reached over a network that is nobody else's, "postgres,rabbitmq".

    To any other but loopback, a process in prod warns of a password that is sent without TLS. The addresses then are
    ``amqps://…``, which always verifies, with ``?cacertfile=<file>`` where the CA is none of the system's; and
    ``postgresql://…?sslmode=verify-full&sslrootcert=<file>``.
    """
    return frozenset(env.list("PRIVATE_HOSTS", []))


def _retry_delays(env: Env) -> tuple[float, ...]:
    return tuple(env.list("RETRY_DELAYS", [5.0, 60.0, 600.0], subcast=float))
