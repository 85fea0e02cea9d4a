"""Databases and the broker from the command line: engines for one command, and their failures as sentences.

Not here: their addresses (``places``). Only commands that need a server import this module: it brings SQLAlchemy along.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import amqp
from sqlalchemy import Engine
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chassis.broker.wire import CONNECTION_ERRORS
from chassis.store.database import is_transient, make_engine
from cli.exits import Failure, NotSetUp, Refused, Unreachable, first_line
from cli.language import say
from cli.places import Service

#: Longer than a service's own limit: reading ninety days of events may take a while.
STATEMENT_SECONDS = 60.0
_UNDEFINED_TABLE, _UNDEFINED_COLUMN = "42P01", "42703"


def engine_of(service: Service) -> Engine:
    """An engine for a single command."""
    return make_engine(
        service.database_url, pool_size=1, name=f"{service.name}.cli", statement_timeout_seconds=STATEMENT_SECONDS
    )


@contextlib.contextmanager
def reaching(what: str) -> Iterator[None]:
    """Turn what a database or a broker raises into a Failure that names `what`."""
    try:
        yield
    except (DBAPIError, PoolTimeout) as error:
        raise _of_database(what, error) from error
    except ArgumentError as error:
        raise NotSetUp(say("The address of {what} cannot be read.", what=what)) from error
    except amqp.AccessRefused as error:
        raise Refused(say("{what} does not let us in: {why}", what=what, why=first_line(error))) from error
    except CONNECTION_ERRORS as error:
        raise Unreachable(say("{what} is not reachable: {why}", what=what, why=first_line(error))) from error


def _of_database(what: str, error: DBAPIError | PoolTimeout) -> Failure:
    code = getattr(getattr(error, "orig", None), "pgcode", None)
    if code in (_UNDEFINED_TABLE, _UNDEFINED_COLUMN):
        return Refused(say("{what} is not at this code's version: run its `migrate`.", what=what), "behind")
    why = first_line(getattr(error, "orig", None) or error)
    if is_transient(error):
        return Unreachable(say("{what} is not reachable: {why}", what=what, why=why))
    return Refused(say("{what} refused: {why}", what=what, why=why))
