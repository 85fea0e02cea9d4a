"""The allowed moves of a subject between its states, and how one that is not allowed is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from contracts.language.refusals import Refusal


class Law(Protocol):
    """The states of a subject, as its ``rules`` define them."""

    #: Move → (the states it starts from, the state it ends in).
    MOVES: Mapping[str, tuple[tuple[str, ...], str]]
    #: State → its name in a Chinese sentence.
    CHINESE: Mapping[str, str]


def state_after(law: Law, move: str, state: str, refusal: type[Refusal]) -> str:
    """The state `move` leads to from `state`. Raises `refusal`, with `state` and `state_zh`, where it is not allowed."""
    allowed, after = law.MOVES[move]
    if state not in allowed:
        raise refusal(state=state, state_zh=law.CHINESE[state])
    return after
