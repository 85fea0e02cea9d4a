"""What was acknowledged to clients, and how a client repeats a request until it has an answer.

Lives here: the record everything is counted against, and the loop of a patient client. It repeats a request under the same
idempotency key while an answer leaves open what happened. Not here: the requests themselves (``traffic``, ``ledgers``).
"""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from chassis.rpc.client import RemoteFailure, RpcTimeout
from contracts.language.refusals import Refusal
from examples.client import ApiError

T = TypeVar("T")

PAUSE_SECONDS = 0.2
#: How long a request is repeated after the last fault; one without an answer by then is stuck.
PATIENCE_SECONDS = 180.0


class GivenUp(Exception):
    """No answer came for as long as anybody would wait."""


@dataclass
class Acknowledged:
    """What was acknowledged to clients. Each entry is written once its answer has come, by one thread."""

    documents: set[str] = field(default_factory=set)
    """Document numbers of people acknowledged as registered; one number is one person."""
    imports: dict[str, int] = field(default_factory=dict)
    """Import acknowledged as done → rows it had."""
    affiliations: set[str] = field(default_factory=set)
    """Affiliations acknowledged as recorded."""
    ended: set[str] = field(default_factory=set)
    """Affiliations acknowledged as ended."""
    scans: dict[str, str] = field(default_factory=dict)
    """Nonce of a scan → its acknowledged outcome."""
    registrations: set[str] = field(default_factory=set)
    """Registrations for the activity acknowledged as made."""
    cancelled: set[str] = field(default_factory=set)
    """Registrations acknowledged as cancelled."""
    entries: dict[str, set[str]] = field(default_factory=dict)
    """Ledger → entries acknowledged as written."""
    wrong: list[str] = field(default_factory=list)
    """Answers no client should have got: a changed mind, a refusal without a cause."""
    stuck: list[str] = field(default_factory=list)
    """Requests that never got an answer."""
    broken: list[Exception] = field(default_factory=list)
    """Faults of a client itself: the run means nothing."""

    def facts(self) -> int:
        """How many facts of the city were acknowledged; entries of ledgers are not among them."""
        counted = (self.affiliations, self.ended, self.scans, self.registrations, self.cancelled)
        return sum(len(facts) for facts in counted)


class Patience:
    """Repeats a request until it is answered; counts the open requests, and what came instead of answers."""

    def __init__(self) -> None:
        self.given_up = threading.Event()
        self.instead: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._asking = 0

    @property
    def asking(self) -> int:
        """Requests sent and not answered, at this moment."""
        return self._asking

    def ask(self, request: Callable[[], T]) -> T:
        """The answer, a refusal included. Raises GivenUp, or ApiError or Refusal for an answer that is final."""
        while not self.given_up.is_set():
            with self._lock:
                self._asking += 1
            try:
                return request()
            except Exception as error:
                if (unknown := _why_unknown(error)) is None:
                    raise
                with self._lock:
                    self.instead[unknown] += 1
            finally:
                with self._lock:
                    self._asking -= 1
            self.given_up.wait(PAUSE_SECONDS)
        raise GivenUp


def _why_unknown(error: Exception) -> str | None:
    """In a word, why an answer leaves open what happened, or asks to come back; None for a final one."""
    if isinstance(error, ApiError):
        problem: dict[str, Any] = error.problem if isinstance(error.problem, dict) else {}
        if error.status >= 500 or problem.get("retryable"):
            return f"{error.status} {problem.get('code', '')}".strip()
        return None
    if isinstance(error, Refusal):
        wire = error.to_wire()
        comes_back = wire["kind"] == "unavailable" or wire.get("retry_after") is not None
        return str(wire["code"]) if comes_back else None
    if isinstance(error, (RpcTimeout, RemoteFailure, OSError, http.client.HTTPException)):
        return type(error).__name__
    return None
