"""``python -m tests.resilience.chaos``: one chaos run, a table of its faults, and the line ``lost=0 twice=0 stuck=0``.

Exit status: 0 as promised; 1 something was lost, twice, stuck or exposed; 2 void, as a control did not fail.
"""

from __future__ import annotations

import logging
import random
import signal
import sys

import click

from deploy.local.packages import say
from tests.resilience.chaos.ledgers import NO_INBOX, NO_OUTBOX
from tests.resilience.chaos.run import Verdict, run

SHOWN = 20


@click.command()
@click.option("--seed", type=int, help="Of the faults' order and the clients' choices; any, and printed, without it.")
@click.option("--facts", default=2000, show_default=True, help="Facts to be acknowledged at least.")
@click.option("--minutes", default=0.0, show_default=True, help="How long to go on at least.")
def main(seed: int | None, facts: int, minutes: float) -> None:
    """Hurt everything while the city works, then count what became of it."""
    logging.getLogger("chassis").setLevel(
        logging.ERROR
    )  # its clients here say that connections break; they are meant to
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    chosen = seed if seed is not None else random.SystemRandom().randrange(1_000_000)
    verdict = run(seed=chosen, facts=facts, minutes=minutes, say=say)
    click.echo(summary(verdict))
    sys.exit(0 if verdict.is_proven else 2 if verdict.count.is_clean() and not verdict.exposed else 1)


def summary(verdict: Verdict) -> str:
    """The verdict for people, the counts last."""
    lines = [f"{'fault':40}times  in flight, the last time"]
    lines += [f"{one.kind:40}{len(one.struck):5}  {one.struck[-1] if one.struck else '-'}" for one in verdict.faults]
    instead = ", ".join(f"{what} {times}" for what, times in sorted(verdict.instead.items()))
    lines.append(f"instead of answers, clients got: {instead or 'nothing else'}")
    if verdict.ended_alone:
        lines.append(f"ended by themselves: {', '.join(f'{name} ({n})' for name, n in verdict.ended_alone.items())}")
    for name in (NO_INBOX, NO_OUTBOX):
        lines.append(f"control {name}: {verdict.controls[name].line()}")
    if verdict.is_void:
        lines.append("VOID: a control did not fail, so these faults have shown nothing")
    count = verdict.count
    for what, findings in (("lost", count.lost), ("twice", count.twice), ("stuck", count.stuck)):
        lines += [f"{what}: {finding}" for finding in findings[:SHOWN]]
    lines += [f"exposed: {place}" for place in verdict.exposed]
    lines.append(verdict.mails)
    lines.append(f"{verdict.facts} facts acknowledged in {verdict.seconds:.0f} s under {_times(verdict)} faults")
    lines.append(count.line())
    return "\n".join(lines)


def _times(verdict: Verdict) -> int:
    return sum(len(one.struck) for one in verdict.faults)


if __name__ == "__main__":
    main()
