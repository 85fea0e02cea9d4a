"""One chaos run from the first server to the verdict.

Lives here: the order of things. Clients work while faults strike; then clients end, what is on its way arrives, processes
stop, and effects are counted.
"""

from __future__ import annotations

import functools
import random
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from deploy.local.throwaway import eventually
from tests.resilience.chaos import activities, schedule, traffic
from tests.resilience.chaos.acknowledged import PATIENCE_SECONDS, Acknowledged, Patience
from tests.resilience.chaos.count import Count
from tests.resilience.chaos.counting import count_effects, count_entries, count_waiting
from tests.resilience.chaos.ledgers import NO_INBOX, NO_OUTBOX, PROOF, Ledger
from tests.resilience.chaos.messages import in_words
from tests.resilience.chaos.schedule import Happened
from tests.resilience.chaos.servers import Servers
from tests.resilience.chaos.town import Town
from tests.resilience.chaos.traffic import Clerk
from tests.support.personal_data import leaks

#: How long nothing may change, after the last fault and the last request, before what waits counts as stuck.
SETTLE_SECONDS = 90.0
SAY_SECONDS = 10.0
#: Up to how many facts a run is short: its clients take their time, so that the faults, and not the facts, set its length.
SHORT_FACTS = 10_000
#: Rows of the rosters, by turns (one is larger than what an import applies in one transaction), and the clients' pauses.
SHORT_ROSTERS, LONG_ROSTERS = (60, 40, 600), (400, 2000, 800)
SHORT_PACE, LONG_PACE = 1.0, 0.03
#: Flow → how many clients are at it, and how many seconds each pauses between two rounds of it, times the pace.
FLOWS: dict[traffic.Flow, tuple[int, float]] = {
    traffic.import_roster: (2, 12.0),
    traffic.change_affiliation: (3, 0.8),
    traffic.redeem_pass: (3, 0.8),
    activities.register_for_activity: (2, 0.8),
}
CLIENTS_OF_LEDGER = 4

Say = Callable[[str], None]


@dataclass
class Verdict:
    """What a run has shown. `proven` needs both controls to have failed as they must."""

    facts: int
    seconds: float
    faults: list[Happened]
    count: Count
    controls: dict[str, Count]
    instead: dict[str, int]
    ended_alone: dict[str, int]
    mails: str
    exposed: list[str]
    """Where somebody of the rosters can be found who should be found nowhere."""

    @property
    def is_void(self) -> bool:
        return not (self.controls[NO_INBOX].twice and self.controls[NO_OUTBOX].lost)

    @property
    def is_proven(self) -> bool:
        return self.count.is_clean() and not self.exposed and not self.is_void


def run(*, seed: int, facts: int, minutes: float, say: Say) -> Verdict:
    """Go on until so many facts are acknowledged, so many minutes are over and every kind of fault has come three times."""
    servers = Servers()
    keep_logs = True
    try:
        servers.start()
        folder = servers.folder / "platform"
        folder.mkdir()
        town = Town(servers, folder)
        try:
            say("starting two processes of every service and ledger")
            town.start()
            verdict = _run(town, seed=seed, facts=facts, minutes=minutes, say=say)
            keep_logs = not verdict.is_proven
        finally:
            town.stop()
            town.mails.close()
    finally:
        servers.close()
        if keep_logs:
            say(f"the processes' logs stay in {servers.folder / 'platform'}")
        else:
            shutil.rmtree(servers.folder)
    return verdict


def _run(town: Town, *, seed: int, facts: int, minutes: float, say: Say) -> Verdict:
    client = town.platform.client("chaos", "chaos")
    is_short = facts <= SHORT_FACTS
    setting = traffic.prepare(client, SHORT_ROSTERS if is_short else LONG_ROSTERS)
    setting.activity = activities.prepare(client, setting.universities[0]["id"])
    _await_perks(town, setting)
    acknowledged, patience, over = Acknowledged(), Patience(), threading.Event()
    clerk = Clerk(client, setting, acknowledged, patience, over, random.Random(seed), town.platform.folder)
    clients = _clients(town, clerk, seed, SHORT_PACE if is_short else LONG_PACE)
    started = time.monotonic()

    def enough() -> bool:
        if acknowledged.broken:
            raise RuntimeError("a client is broken") from acknowledged.broken[0]
        return acknowledged.facts() >= facts and time.monotonic() - started >= minutes * 60

    say(f"seed {seed}: {len(clients)} clients at work")
    for thread in clients:
        thread.start()
    try:
        faults = schedule.run(town, patience, choose=random.Random(seed), enough=enough, say=say)
    finally:
        over.set()
        _join(clients, patience)
    seconds = time.monotonic() - started
    say(f"{acknowledged.facts()} facts acknowledged in {seconds:.0f} s; waiting for what is on its way")
    count, exposed = _settled(town, acknowledged, say)
    controls = {ledger.name: _control(town, acknowledged, ledger) for ledger in town.ledgers if ledger.name != PROOF}
    return Verdict(
        facts=acknowledged.facts(),
        seconds=seconds,
        faults=faults,
        count=count,
        controls=controls,
        instead=dict(patience.instead),
        ended_alone=dict(town.ended_alone),
        mails=in_words(count),
        exposed=exposed,
    )


def _await_perks(town: Town, setting: traffic.Setting) -> None:
    """The organisations and sets have arrived in perks."""
    url = town.platform.databases["perks"]
    wanted = len(setting.universities) + len(setting.places)
    eventually(
        lambda: town.servers.rows(url, "select count(*) from set_members")[0][0] == wanted, what="the sets in perks"
    )


def _clients(town: Town, clerk: Clerk, seed: int, pace: float) -> list[threading.Thread]:
    acknowledged, clients = clerk.acknowledged, []
    for flow, (number, pause) in FLOWS.items():
        for index in range(number):
            own = replace(clerk, choose=random.Random(f"{seed} {flow.__name__} {index}"))
            clients.append(_client(acknowledged, functools.partial(traffic.work, flow, own, pause * pace)))
    for ledger in town.ledgers:
        for index in range(CLIENTS_OF_LEDGER):
            choose = random.Random(f"{seed} {ledger.name} {index}")
            write = functools.partial(ledger.write_entries, acknowledged, clerk.patience, clerk.over, choose)
            clients.append(_client(acknowledged, write))
    return clients


def _client(acknowledged: Acknowledged, target: Callable[[], None]) -> threading.Thread:
    def at_work() -> None:
        try:
            target()
        except Exception as error:
            acknowledged.broken.append(error)

    return threading.Thread(target=at_work, daemon=True)


def _join(clients: list[threading.Thread], patience: Patience) -> None:
    """Let every client get its last answer; give up on those that get none."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    for thread in clients:
        thread.join(max(0.0, deadline - time.monotonic()))
    patience.given_up.set()
    for thread in clients:
        thread.join(60)


def _settled(town: Town, acknowledged: Acknowledged, say: Say) -> tuple[Count, list[str]]:
    """The count once nothing waits and nothing is missing, or as it is at the deadline; read after every process stopped,
    so that what a consumer held in its hands is back in its queue. And where people can be found who should not be.
    """
    changed_at = reported_at = time.monotonic()
    before = ""
    while not (count := _counted(town, acknowledged)).is_clean() and time.monotonic() < changed_at + SETTLE_SECONDS:
        if count.line() != before:
            before, changed_at = count.line(), time.monotonic()
        if time.monotonic() - reported_at > SAY_SECONDS:
            reported_at = time.monotonic()
            say(f"still {count.line()}; {(count.stuck + count.lost + count.twice)[0]}")
        time.sleep(0.5)
    exposed = leaks(town.platform, town.servers.broker)
    late = town.stop()
    count = _counted(town, acknowledged)
    count.stuck += [f"{name} did not end on SIGTERM" for name in late]
    count.twice += acknowledged.wrong
    return count, exposed


def _counted(town: Town, acknowledged: Acknowledged) -> Count:
    """Effects and what waits, the controls' left out."""
    proof = next(ledger for ledger in town.ledgers if ledger.name == PROOF)
    count = count_effects(town, acknowledged, proof)
    count_waiting(count, but={NO_INBOX, NO_OUTBOX})
    return count


def _control(town: Town, acknowledged: Acknowledged, ledger: Ledger) -> Count:
    count = Count(town, acknowledged)
    count_entries(count, ledger)
    return count
