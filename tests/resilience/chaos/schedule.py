"""Which fault when: rounds in which every kind comes once, in an order of the seed, each round striking somebody else."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from tests.resilience.chaos.acknowledged import Patience
from tests.resilience.chaos.faults import KINDS, Scene, targets_of
from tests.resilience.chaos.town import Town

#: How often each kind must have struck work.
STRIKES = 3
#: Rounds after which a kind that still meets no work is left to the reader of the summary.
MOST_ROUNDS = 3 * STRIKES
#: How long work goes on between the end of one fault and the next, in seconds.
PAUSE = (0.3, 1.5)


@dataclass
class Happened:
    """A kind, and the work it struck, each time it did."""

    kind: str
    struck: list[str] = field(default_factory=list)


def run(
    town: Town, patience: Patience, *, choose: Random, enough: Callable[[], bool], say: Callable[[str], None]
) -> list[Happened]:
    """Rounds of faults until each kind struck STRIKES times and `enough` says so; returns when everybody is ready again."""
    happened = {kind: Happened(kind) for kind in KINDS}
    first_target, rounds, began = choose.randrange(100), 0, time.monotonic()
    while kinds := _next_round(happened, rounds, enough()):
        for kind in choose.sample(kinds, len(kinds)):
            targets = targets_of(kind, town)
            target = targets[(first_target + rounds + list(KINDS).index(kind)) % len(targets)]
            struck = KINDS[kind](Scene(town, patience, target, choose))
            say(f"{time.monotonic() - began:4.0f} s  {kind}: {struck or 'nothing was at work'}")
            if struck:
                happened[kind].struck.append(struck)
            town.await_served()  # the next fault may find the other process of a pair still on its way
            patience.given_up.wait(choose.uniform(*PAUSE))
            if not _next_round(happened, rounds, enough()):
                break
        rounds += 1
    town.await_ready()
    return list(happened.values())


def _next_round(happened: dict[str, Happened], rounds: int, enough: bool) -> list[str]:
    """Those that have not struck often enough, or all while there is not enough work done; none at the end."""
    lacking = [kind for kind, one in happened.items() if len(one.struck) < STRIKES]
    if rounds < MOST_ROUNDS and lacking:
        return lacking
    return [] if enough else list(happened)
