"""The allowed moves of a subject between its states, and how one that is not allowed is refused."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.language.refusals import Refusal

#: Move → (the states it starts from, the state it ends in), as a subject's ``rules`` define them.
Moves = Mapping[str, tuple[tuple[str, ...], str]]


def state_after(
    move: str, state: str, moves: Moves, refusal: type[Refusal], *, chinese: Mapping[str, str] | None = None
) -> str:
    """The state `move` leads to from `state`. Raises `refusal` where it is not allowed, with `state` and `state_zh`, the name
    `chinese` has for it.
    """
    allowed, after = moves[move]
    if state not in allowed:
        raise refusal(state=state, state_zh=(chinese or {}).get(state, state))
    return after
