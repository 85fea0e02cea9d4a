"""The RPC server's entrypoints: ``@command``, ``@query`` and ``@disclosure``, one unit of work each.

Lives here: loading a request, its unit of work, its idempotency, a second try past a lost database connection. Not here: the
law (services), the wire (``requests``), the caller's side (``rpc_client``). The format is nameko's own, so stock nameko clients
can ask queries.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

from marshmallow import Schema, ValidationError
from nameko.extensions import Entrypoint
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chassis.ground import lanes
from chassis.ground.settings import broker_user_of
from chassis.rpc import calls
from chassis.rpc.requests import Replayed, RequestConsumer
from chassis.store import idempotency
from chassis.store.database import CommitUnclear, is_transient
from contracts.language.refusals import Invalid, Refusal

log = logging.getLogger(__name__)

#: For a caller that names no deadline (a stock nameko client).
DEFAULT_SECONDS = 30.0

Method = Callable[..., Any]


class CallerNotTrusted(Refusal):
    """A write, or a disclosure, from a sender the broker does not vouch for as the one who may ask."""

    kind = "forbidden"
    code = "chassis.caller_not_trusted"
    zh = "该操作只接受经认证的调用方。"
    en = "This is done only for callers the broker vouches for."


class DatabaseUnavailable(Refusal):
    """The service's database does not answer; nothing was changed."""

    kind = "unavailable"
    code = "chassis.database_unavailable"
    zh = "数据库暂时不可用，请稍后重试。"
    en = "The database is not available right now. Try again shortly."


def command(schema: type[Schema], *, answer: type[Schema] | None = None) -> Callable[[Method], Method]:
    """A write: ``method(self, work, **fields)`` in one transaction, under the caller's idempotency key.

    `schema` reads the request (refusal ``invalid_request``), `answer` writes the reply; without it the return value must
    be plain JSON. Refuses callers the broker does not vouch for.
    """
    loader, dumper = schema(), answer() if answer else None

    def decorate(method: Method) -> Method:
        @functools.wraps(method)
        def handle(self: Any, **fields: Any) -> Any:
            loaded = _load(loader, fields)

            def once() -> Any:
                with self.database.work() as work:
                    if not work.caller.trusted:
                        raise CallerNotTrusted()
                    effect = lambda: _dump(dumper, method(self, work, **loaded))  # noqa: E731
                    reply = idempotency.run(work, method.__name__, fields, effect)
                return Replayed(reply) if work.replayed else reply

            return past_a_lost_connection(once)

        return Rpc.decorator(handle)  # type: ignore[no-any-return]

    return decorate


def disclosure(schema: type[Schema], *, answer: type[Schema], to: str) -> Callable[[Method], Method]:
    """A read that leaves a record of itself: ``method(self, work, **fields)``, committed before the answer leaves.

    Only the service `to` may ask, and the broker vouches for it. It carries no idempotency key: asked twice, it is read
    twice and recorded twice. Raises CallerNotTrusted.
    """
    loader, dumper, asker = schema(), answer(), broker_user_of(to)

    def decorate(method: Method) -> Method:
        @functools.wraps(method)
        def handle(self: Any, **fields: Any) -> Any:
            loaded = _load(loader, fields)

            def once() -> Any:
                with self.database.work() as work:
                    if work.caller.broker_user != asker:
                        raise CallerNotTrusted()
                    return _dump(dumper, method(self, work, **loaded))

            return past_a_lost_connection(once)

        return Rpc.decorator(handle)  # type: ignore[no-any-return]

    return decorate


def query(schema: type[Schema], *, answer: type[Schema] | None = None) -> Callable[[Method], Method]:
    """A read: ``method(self, work, **fields)``; nothing it does is committed. Open to every caller of the broker."""
    loader, dumper = schema(), answer() if answer else None

    def decorate(method: Method) -> Method:
        @functools.wraps(method)
        def handle(self: Any, **fields: Any) -> Any:
            loaded = _load(loader, fields)

            def once() -> Any:
                with self.database.reading() as work:
                    return _dump(dumper, method(self, work, **loaded))

            return past_a_lost_connection(once)

        return Rpc.decorator(handle)  # type: ignore[no-any-return]

    return decorate


def past_a_lost_connection(once: Callable[[], Any]) -> Any:
    """Run it again when the database broke under it: after a restart the pool still holds dead connections, and a
    deadlock picks one of two innocents. Safe for a command too: its key is in the transaction that was lost, or kept.
    Raises DatabaseUnavailable when the second try breaks as well, CommitUnclear where the first may have been kept.
    """
    try:
        return once()
    except (DBAPIError, PoolTimeout, CommitUnclear) as error:
        ran_out_of_time = error.__cause__ is not None and not isinstance(error.__cause__, Exception)
        if ran_out_of_time or not is_transient(error):
            raise
        log.warning("database fault, trying again: %s", error.__cause__ or error)
        unclear = error if isinstance(error, CommitUnclear) else None
    try:
        return once()
    except (DBAPIError, PoolTimeout) as error:
        if unclear is not None:
            # the second try never came so far as to see what became of the first
            raise unclear from error
        if is_transient(error):
            raise DatabaseUnavailable(retry_after=2) from error
        raise


def _load(loader: Schema, fields: dict[str, Any]) -> dict[str, Any]:
    try:
        return loader.load(fields)  # type: ignore[no-any-return]
    except ValidationError as error:
        raise Invalid.of(error) from error


def _dump(dumper: Schema | None, value: Any) -> Any:
    return dumper.dump(value) if dumper is not None else value


class Rpc(Entrypoint):  # type: ignore[misc]
    """nameko's entrypoint behind ``@command`` and ``@query``."""

    lane = lanes.RPC
    consumer = RequestConsumer()

    def setup(self) -> None:
        self.consumer.register(self)

    def stop(self) -> None:
        self.consumer.cancel()

    @staticmethod
    def seconds_allowed(headers: dict[str, Any]) -> float:
        """How long a worker may take: until the caller's deadline."""
        left = calls.seconds_left(headers)
        return DEFAULT_SECONDS if left is None else max(left, 0.001)
