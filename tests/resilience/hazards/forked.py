"""A caller that has made a call and then forks, as a server with preloaded code does: ``forked.py <kind> <uri>``.

Prints how many calls of its children were answered rightly. A program of its own: a test process has threads.
"""

from __future__ import annotations

import os
import signal
import sys
import time

from tests.resilience.hazards.clients import CLIENTS

CHILDREN, CALLS, SECONDS = 4, 20, 7


def main(kind: str, uri: str) -> None:
    client = CLIENTS[kind](uri, timeout=3)
    client.ask("echo", text="before the fork")
    children = {}
    for number in range(CHILDREN):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _call(client, number, writing)
        os.close(writing)
        children[child] = reading
    _await(set(children))
    print(sum(len(os.read(reading, CALLS)) for reading in children.values()))


def _call(client: object, number: int, writing: int) -> None:
    try:
        for call in range(CALLS):
            text = f"{number}.{call}"
            if client.ask("echo", text=text) == {"text": text}:  # type: ignore[attr-defined]
                os.write(writing, b".")
    finally:
        os._exit(0)


def _await(children: set[int]) -> None:
    deadline = time.monotonic() + SECONDS
    while children and time.monotonic() < deadline:
        children -= {child for child in children if os.waitpid(child, os.WNOHANG)[0]}
        time.sleep(0.05)
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
    sys.stdout.flush()
    os._exit(0)
