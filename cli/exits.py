"""How a command ends: its exit status, and one line instead of a traceback.

Lives here: the statuses and our own failures. Not here: what databases and the broker raise (``servers``), the answers of the
gateway (``api``), the refusals of each command.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import click

from cli.language import say

#: Done; refused or failed; wrongly called or not set up; not reachable or busy, the same may succeed later; Ctrl-C.
DONE, REFUSED, USAGE, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 130


class Failure(click.ClickException):
    """A command that ends with a sentence; `code` for scripts, and `hints`: further lines, what to do among them."""

    code = "failed"
    hints: tuple[str, ...] = ()
    #: Beside error and message, for scripts.
    details: Mapping[str, Any] = {}

    def hinting(self, *hints: str, **details: Any) -> Self:
        """The same, with lines for people and values for scripts."""
        self.hints, self.details = hints, details
        return self


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


def first_line(error: BaseException | None) -> str:
    """The first line of its message, without passwords; its class where the message is empty."""
    from chassis.ground.logs import redact  # here: a command that ends well needs no log

    lines = redact(str(error)).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def explained(error: Exception) -> Failure:
    """An unexpected exception in one line."""
    why = f"{type(error).__name__}: {first_line(error)}"
    return Refused(
        say("This is a mistake of ours: {why}. With YOUTHCITY_DEBUG=1 the traceback is shown.", why=why), "bug"
    )
