"""How a hazard is tried: one promise, kept by the chassis and broken by stock nameko.

Lives here: the marker of a hazard's test and three ways to wait. Only a broken promise (``PromiseBroken``) counts as the
stock failure that is expected; whatever goes wrong in preparing it (``NotPrepared``) fails the test on both sides.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

_Test = TypeVar("_Test", bound=Callable[..., Any])
PAUSE_SECONDS = 0.05


class NotPrepared(Exception):
    """The scene of the test could not be set."""


class PromiseBroken(AssertionError):
    """What the platform promises did not hold."""


def hazard(number: int, stock: str) -> Callable[[_Test], _Test]:
    """The test tries hazard `number` on both diaries; `stock` says what stock nameko does instead."""
    broken = pytest.mark.xfail(strict=True, raises=PromiseBroken, reason=f"hazard {number}: {stock}")
    sides = ["chassis", pytest.param("stock", marks=broken)]
    # of module scope, so that the tests of a module share a diary

    def mark(test: _Test) -> _Test:
        return pytest.mark.hazard(number)(pytest.mark.parametrize("kind", sides, scope="module")(test))  # type: ignore[no-any-return]

    return mark


def given(condition: Callable[[], Any], what: str, *, seconds: float = 30) -> Any:
    """Wait for a part of the scene and return it."""
    found = _first(condition, seconds)
    if not found:
        raise NotPrepared(f"{what}: not within {seconds} s")
    return found


def soon(condition: Callable[[], Any], what: str, *, seconds: float) -> Any:
    """The promise that `condition` comes true within `seconds`; returns it."""
    found = _first(condition, seconds)
    if not found:
        raise PromiseBroken(f"{what}: not within {seconds} s")
    return found


def always(condition: Callable[[], Any], what: str, *, seconds: float) -> None:
    """The promise that `condition` stays true for `seconds`."""
    if _first(lambda: not condition(), seconds):
        raise PromiseBroken(f"{what}: no longer")


def now(condition: Any, what: str) -> None:
    """The promise that `condition` is true."""
    if not condition:
        raise PromiseBroken(what)


def _first(condition: Callable[[], Any], seconds: float) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)
    return found
