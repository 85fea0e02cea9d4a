"""What clients were told, and how they ask until they are told.

Lives here: the record everything is counted against, and the loop of a patient client, who asks again under the same
idempotency key while an answer leaves open what happened. Not here: what is asked (``traffic``, ``ledgers``).
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
#: How long an operation is asked for after the last fault; what has no answer by then is stuck.
PATIENCE_SECONDS = 180.0


class GivenUp(Exception):
    """No answer came for as long as anybody would wait."""


@dataclass
class Acknowledged:
    """What clients were told. Each entry is written once its answer has come, by one thread."""

    documents: set[str] = field(default_factory=set)
    """Document numbers of people told to be in; one number is one person."""
    imports: dict[str, int] = field(default_factory=dict)
    """Import told to be done → rows it had."""
    affiliations: set[str] = field(default_factory=set)
    """Affiliations told to be in."""
    ended: set[str] = field(default_factory=set)
    """Affiliations told to be ended."""
    scans: dict[str, str] = field(default_factory=dict)
    """Nonce of a scan → its outcome as told."""
    registrations: set[str] = field(default_factory=set)
    """Registrations for the activity told to be made."""
    cancelled: set[str] = field(default_factory=set)
    """Registrations told to be cancelled."""
    entries: dict[str, set[str]] = field(default_factory=dict)
    """Ledger → entries told to be written."""
    wrong: list[str] = field(default_factory=list)
    """Answers no client should have got: a changed mind, a refusal without a cause."""
    stuck: list[str] = field(default_factory=list)
    """Operations nobody ever answered."""
    broken: list[Exception] = field(default_factory=list)
    """Faults of a client itself: the run means nothing."""

    def facts(self) -> int:
        """How many facts of the city were acknowledged; entries of ledgers are not among them."""
        told = (self.affiliations, self.ended, self.scans, self.registrations, self.cancelled)
        return sum(len(facts) for facts in told)


class Patience:
    """Asks until there is an answer; knows how many are asking, and what came instead of answers."""

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
