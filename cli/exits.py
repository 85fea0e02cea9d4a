"""How a command ends: its exit status, and one line instead of a traceback.

Lives here: the statuses, our own failures, and the translation of foreign exceptions into them. Not here: the refusals of each
command.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import amqp
import click
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chassis.broker.wire import CONNECTION_ERRORS
from chassis.ground.logs import redact
from chassis.store.database import is_transient
from cli.language import say

#: Done; refused or failed; wrongly called or not set up; not reachable or busy, the same may succeed later; Ctrl-C.
DONE, REFUSED, USAGE, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 130

_UNDEFINED_TABLE, _UNDEFINED_COLUMN = "42P01", "42703"


class Failure(click.ClickException):
    """A command that ends with a sentence; `code` for scripts."""

    code = "failed"


class Refused(Failure):
    """The platform refused, or the command failed."""

    exit_code = REFUSED

    def __init__(self, message: str, code: str = "refused") -> None:
        super().__init__(message)
        self.code = code


class NotSetUp(Failure):
    """The platform's address or a login is missing."""

    exit_code = USAGE
    code = "not_set_up"


class Unreachable(Failure):
    """No answer, or "not now": the same command may succeed later."""

    exit_code = UNREACHABLE

    def __init__(self, message: str, code: str = "not_reachable") -> None:
        super().__init__(message)
        self.code = code


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
        raise Refused(say("{what} does not let us in: {why}", what=what, why=_first_line(error))) from error
    except CONNECTION_ERRORS as error:
        raise Unreachable(say("{what} is not reachable: {why}", what=what, why=_first_line(error))) from error


def _of_database(what: str, error: DBAPIError | PoolTimeout) -> Failure:
    code = getattr(getattr(error, "orig", None), "pgcode", None)
    if code in (_UNDEFINED_TABLE, _UNDEFINED_COLUMN):
        return Refused(say("{what} is not at this code's version: run its `migrate`.", what=what), "behind")
    why = _first_line(getattr(error, "orig", None) or error)
    if is_transient(error):
        return Unreachable(say("{what} is not reachable: {why}", what=what, why=why))
    return Refused(say("{what} refused: {why}", what=what, why=why))


def _first_line(error: BaseException | None) -> str:
    """The first line of its message, without passwords; its class where the message is empty."""
    lines = redact(str(error)).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def explained(error: Exception) -> Failure:
    """An unexpected exception in one line."""
    why = f"{type(error).__name__}: {_first_line(error)}"
    return Refused(
        say("This is a mistake of ours: {why}. With YOUTHCITY_DEBUG=1 the traceback is shown.", why=why), "bug"
    )
