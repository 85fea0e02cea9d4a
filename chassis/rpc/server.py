"""The RPC server's entrypoints: ``command``, ``query`` and ``disclosure``, one line of a service each.

Lives here: loading a request, its unit of work, its idempotency, its row in the audit, one retry on a lost database
connection. Not here: the law (services), the wire (``chassis.rpc.requests``), the caller's side (``chassis.rpc.client``).

Who calls is believed from the gateway's broker user alone, for reads as for writes: a department in a header is worth what its
sender is worth. An RPC whose answers show personal data says whose: ``personal=people_of("person_id")``. Then no answer leaves
before its row of the audit is committed.

::

    get_title = query(schemas.GetTitle, schemas.Title, titles.get_title)
    issue_pass = query(schemas.IssuePass, schemas.Pass, passes.issue_pass, given=("keys", "pass_valid"), personal=HOLDER)
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from marshmallow import Schema, ValidationError
from nameko.extensions import Entrypoint

from chassis.ground import lanes
from chassis.ground.settings import broker_user_of
from chassis.process.provided import Names, given_of
from chassis.rpc import calls
from chassis.rpc.requests import Replayed, RequestConsumer
from chassis.store import audit, idempotency
from chassis.store.audit import People
from chassis.store.database import retry_once_on_lost_connection
from chassis.store.work import Work
from contracts.language.refusals import Invalid, Refusal

#: For a caller that names no deadline and no expiration.
DEFAULT_SECONDS = 30.0

#: ``use_case(work, **fields of the request, **given)``.
UseCase = Callable[..., Any]


class Declared(NamedTuple):
    """What an RPC was declared with; found as the attribute ``declared`` of the method."""

    request: type[Schema]
    answer: type[Schema] | None
    use_case: UseCase
    given: Names
    personal: People | None


class CallerNotTrusted(Refusal):
    """A request from a sender whose word about the caller is not believed."""

    kind = "forbidden"
    code = "chassis.caller_not_trusted"
    zh = "该操作只接受经认证的调用方。"
    en = "This is done only for callers the broker vouches for."


def query(
    request: type[Schema],
    answer: type[Schema] | None,
    use_case: UseCase,
    *,
    given: Names = (),
    personal: People | None = None,
) -> Any:
    """A read: ``use_case(work, **fields)``; all that is committed is the audit of a `personal` one. Raises CallerNotTrusted.

    `request` loads the fields (refusal ``invalid_request``), `answer` writes the reply; without it the result must be plain
    JSON. `given` names attributes of the service that the use case takes beside the fields.
    """
    loader, dumper = request(), answer() if answer else None

    def handle(self: Any, **fields: Any) -> Any:
        _require_gateway(self)
        loaded = _load(loader, fields) | given_of(self, given)

        def attempt() -> Any:
            with self.database.work() if personal else self.database.reading() as work:
                reply = _dump(dumper, use_case(work, **loaded))
                _audit(work, use_case, personal, loaded, reply)
                return reply

        return retry_once_on_lost_connection(attempt)

    return _entrypoint(handle, Declared(request, answer, use_case, given, personal))


def command(
    request: type[Schema],
    answer: type[Schema] | None,
    use_case: UseCase,
    *,
    given: Names = (),
    personal: People | None = None,
) -> Any:
    """A write: as `query`, in one transaction, under the caller's idempotency key.

    The key is bound to the name of the use case, which is the name of the RPC. A stored reply shows its data once more, so it has
    a row of the audit too. Raises CallerNotTrusted.
    """
    loader, dumper = request(), answer() if answer else None

    def handle(self: Any, **fields: Any) -> Any:
        _require_gateway(self)
        loaded = _load(loader, fields) | given_of(self, given)

        def attempt() -> Any:
            with self.database.work() as work:
                effect = lambda: _dump(dumper, use_case(work, **loaded))  # noqa: E731
                store = functools.partial(_audit, work, use_case, personal, loaded) if personal else None
                reply = idempotency.run(work, use_case.__name__, fields, effect, store=store)
                if work.replayed:
                    _audit(work, use_case, personal, loaded, reply)
            return Replayed(reply) if work.replayed else reply

        return retry_once_on_lost_connection(attempt)

    return _entrypoint(handle, Declared(request, answer, use_case, given, personal))


def disclosure(
    request: type[Schema],
    answer: type[Schema],
    use_case: UseCase,
    *,
    to: str,
    personal: People,
    given: Names = (),
) -> Any:
    """A read that records itself, committed before the answer leaves. Only the service `to` may call it.

    It carries no idempotency key: called twice, it reads and records twice. Raises CallerNotTrusted.
    """
    loader, dumper, reader = request(), answer(), broker_user_of(to)

    def handle(self: Any, **fields: Any) -> Any:
        if self.database.caller.broker_user != reader:
            raise CallerNotTrusted()
        loaded = _load(loader, fields) | given_of(self, given)

        def attempt() -> Any:
            with self.database.work() as work:
                reply = _dump(dumper, use_case(work, **loaded))
                _audit(work, use_case, personal, loaded, reply)
                return reply

        return retry_once_on_lost_connection(attempt)

    return _entrypoint(handle, Declared(request, answer, use_case, given, personal))


def _require_gateway(service: Any) -> None:
    """Raise CallerNotTrusted before anything is read, where the broker does not vouch that the gateway sent the request."""
    if not service.database.caller.trusted:
        raise CallerNotTrusted()


def _entrypoint(handle: Callable[..., Any], declared: Declared) -> Any:
    handle.declared = declared  # type: ignore[attr-defined]
    return Rpc.decorator(handle)


def _load(loader: Schema, fields: dict[str, Any]) -> dict[str, Any]:
    try:
        return loader.load(fields)  # type: ignore[no-any-return]
    except ValidationError as error:
        raise Invalid.of(error) from error


def _dump(dumper: Schema | None, value: Any) -> Any:
    return dumper.dump(value) if dumper is not None else value


def _audit(
    work: Work,
    use_case: UseCase,
    personal: People | None,
    request: dict[str, Any],
    reply: Any,
    stored: dict[str, Any] | None = None,
) -> None:
    if personal is not None:
        audit.write(work, use_case.__name__, personal, request, reply, stored)


class Rpc(Entrypoint):  # type: ignore[misc]
    """nameko's entrypoint behind ``query``, ``command`` and ``disclosure``."""

    lane = lanes.RPC
    consumer = RequestConsumer()

    def setup(self) -> None:
        self.consumer.register(self)

    def stop(self) -> None:
        self.consumer.cancel()

    @staticmethod
    def seconds_allowed(headers: dict[str, Any]) -> float:
        """How long a worker may take: until its caller leaves."""
        until = headers.get(calls.UNTIL)
        return DEFAULT_SECONDS if until is None else max(float(until) - time.monotonic(), 0.001)
