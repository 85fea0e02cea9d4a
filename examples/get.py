"""Prints fields of a JSON answer read from standard input, one value a line: ``… | python3 examples/get.py items.0.id``.

A path goes by names and numbers; ``*`` stands for every item of a list. Text is printed bare, all else as JSON. Where a path
leads nowhere, the answer is printed to standard error and the exit status is 1.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any


def at(value: Any, steps: list[str]) -> Iterator[Any]:
    """The values a path leads to. KeyError or IndexError where there is none."""
    if not steps:
        yield value
    elif steps[0] == "*":
        for item in value:
            yield from at(item, steps[1:])
    else:
        yield from at(value[int(steps[0]) if isinstance(value, list) else steps[0]], steps[1:])


if __name__ == "__main__":
    document = json.load(sys.stdin)
    for path in sys.argv[1:]:
        try:
            values = list(at(document, path.split(".")))
        except (KeyError, IndexError, TypeError, ValueError):
            sys.exit(
                f"no {path} in {json.dumps(document, ensure_ascii=False)}"
            )  # a problem (RFC 9457) says what was wrong
        for found in values:
            print(found if isinstance(found, str) else json.dumps(found, ensure_ascii=False))
