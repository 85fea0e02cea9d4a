"""The platform's addresses and logins: from the environment, else from the running platform of this checkout.

Lives here: finding them. Not here: connections (``servers``). As soon as a variable of ``variables`` is set, everything comes
from the environment and nothing from the local platform, so that no command mixes two platforms.

* YOUTHCITY_URL, YOUTHCITY_CLIENT_ID, YOUTHCITY_CLIENT_SECRET (file): the gateway and a registered client.
* <SERVICE>_DATABASE_URL (file), GATEWAY_DATABASE_URL (file): as the services and the gateway name them.
* AMQP_URI or <SERVICE>_AMQP_URI (file): the broker. RABBIT_API (file): its management API, with a login.
* YOUTHCITY_LOGS: a folder of log files, a JSON object a line.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from environs import Env

from chassis.ground import settings
from cli.exits import NotSetUp
from cli.language import say
from contracts.catalogue import EVENTS

GATEWAY = "gateway"
CHECKOUT = Path(__file__).resolve().parents[1]
DESCRIPTION = Path(".state/platform.json")
#: The services of the catalogue: whoever announces an event or hears one.
SERVICES = sorted({name.partition(".")[0] for event, entry in EVENTS.items() for name in (event, *entry.subscribers)})


@dataclass(frozen=True)
class Gateway:
    """The gateway's address and a client's login."""

    url: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True)
class Service:
    """The database and broker of a service; `amqp_uri` is empty where it is not known."""

    name: str
    database_url: str = field(repr=False)
    amqp_uri: str = field(repr=False)


def databases() -> list[str]:
    """Everything that may have a database: the services of the catalogue, and the gateway."""
    return [*SERVICES, GATEWAY]


def variables() -> list[str]:
    """When the environment has any of these, everything is taken from there."""
    names = ["YOUTHCITY_URL", "YOUTHCITY_CLIENT_ID", "YOUTHCITY_CLIENT_SECRET", "AMQP_URI", "RABBIT_API"]
    names += [f"{name.upper()}_{what}" for name in databases() for what in ("DATABASE_URL", "AMQP_URI")]
    return [*names, *(f"{name}_FILE" for name in names)]


@cache
def local_platform() -> Mapping[str, Any]:
    """The running platform of this checkout; empty where the environment names a platform, or none has been started here."""
    return {} if any(os.environ.get(name) for name in variables()) else platform_here()


@cache
def platform_here() -> Mapping[str, Any]:
    """The description of the running platform of this folder, or of the checkout that holds this package; empty without one."""
    for folder in (Path(), CHECKOUT):
        try:
            return dict(json.loads((folder / DESCRIPTION).read_text()))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            raise NotSetUp(
                say("{file} cannot be read: {why}", file=folder / DESCRIPTION, why=type(error).__name__)
            ) from error
    return {}


def gateway() -> Gateway:
    """The gateway and a client's login; of a local platform the client with the most scopes. Raises NotSetUp."""
    if local := local_platform():
        return gateway_of(local)
    values = [_required(f"YOUTHCITY_{name}") for name in ("URL", "CLIENT_ID", "CLIENT_SECRET")]
    return Gateway(values[0].rstrip("/"), values[1], values[2])


def gateway_of(local: Mapping[str, Any]) -> Gateway:
    """The gateway of a described platform, and the client with the most scopes."""
    client = max(local["clients"].values(), key=lambda client: len(client["scopes"]))
    return Gateway(local["gateway_url"], client["client_id"], client["client_secret"])


def service(name: str) -> Service | None:
    """A service's database and broker; None where its database is not known."""
    database_url = _maybe(f"{name.upper()}_DATABASE_URL")
    if database_url is None:
        return None
    return Service(name, database_url, _maybe(f"{name.upper()}_AMQP_URI", "AMQP_URI") or "")


def services(chosen: str | None = None) -> list[Service]:
    """The services whose databases are known, or only the chosen service. Raises NotSetUp where there is none."""
    names = (chosen,) if chosen else SERVICES
    found = [known for name in names if (known := service(name)) is not None]
    if not found:
        raise _missing(f"{chosen.upper() if chosen else '<SERVICE>'}_DATABASE_URL")
    return found


def require_clients_database() -> None:
    """Make sure that the environment names the gateway's database. Raises NotSetUp."""
    _required("GATEWAY_DATABASE_URL")


def broker() -> settings.BrokerSettings:
    """The broker, as a user who may see all of it. Raises NotSetUp."""
    _required("AMQP_URI")
    return settings.broker_settings()


def require_broker_of(service: Service) -> str:
    """The broker, as the service's own user. Raises NotSetUp."""
    if not service.amqp_uri:
        raise _missing(f"{service.name.upper()}_AMQP_URI")
    return service.amqp_uri


def broker_api() -> str | None:
    """The broker's management API with its login, where known."""
    found = _maybe("RABBIT_API")
    return found.rstrip("/") if found else None


def logs() -> Path | None:
    """The folder of the log files, where known."""
    found = os.environ.get("YOUTHCITY_LOGS") or local_platform().get("logs")
    return Path(found) if found else None


def _required(name: str) -> str:
    found = _maybe(name)
    if found is None:
        raise _missing(name)
    return found


def _maybe(*names: str) -> str | None:
    """The first of the variables that is set, itself or as a file; a local platform's stand beside the environment."""
    for name, value in local_platform().get("environment", {}).items():
        os.environ.setdefault(name, value)
    try:
        return settings.secret(Env(), names[0], fallback=names[1] if len(names) > 1 else None)
    except RuntimeError:
        return None
    except OSError as error:
        raise NotSetUp(
            say("{file} cannot be read: {why}", file=f"{names[0]}_FILE", why=type(error).__name__)
        ) from error


def _missing(name: str) -> NotSetUp:
    return NotSetUp(say("Set {name} or {name}_FILE, or start the platform of this checkout: `make up`.", name=name))
