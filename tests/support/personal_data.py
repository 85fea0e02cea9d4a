"""Looks for people in every place where no personal data may be found: logs, metrics, queues, and whole database dumps.

Lives here: the places and the search. It finds everybody whom tests and demo invent: by ID number, phone and e-mail address,
and those of the demo rosters by name as well.
"""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from deploy.local.packages import find_program
from deploy.local.throwaway import ThrowawayPlatform
from examples import rosters
from examples.city import people, universities
from services.talent.rules.identity import check_character
from tests.support.servers import Broker

# people are invented with numbers of regions that are not assigned, phones of one series and addresses of one domain;
# hexadecimal digits beside a number make it part of something else
_NUMBER = re.compile(r"1499[0-9]{13}[0-9Xx](?![0-9a-fA-F])")
_PHONE = re.compile(r"199[0-9]{8}(?![0-9a-fA-F])")
_DOMAIN = re.compile(r"@youth\.example")
_LOCAL_PART = re.compile(r"[\w.+-]+\Z", re.ASCII)
_NAME = re.compile(r"(?=([\u4e00-\u9fff]{3,4}))")
_BYTES = re.compile(rb"\\\\x((?:[0-9a-f]{2})+)")


def names_of_the_demo() -> frozenset[str]:
    """Every name of three characters or more in the rosters of the demo's universities and departments."""
    found: set[str] = set()
    for number, (place, count) in enumerate(zip(universities(), rosters.counts(), strict=True)):
        for member in rosters.members_of(place, number=number, count=count):
            found.add(member.name)
    for file in (people.employees(), people.experts(), people.volunteers()):
        found.update(row[0] for row in file.rows)
    return frozenset(name for name in found if len(name) > 2)


def _somebody(text: str) -> Iterator[str]:
    """Every number, phone and address of an invented person in the text."""
    for pattern in (_NUMBER, _PHONE):
        for match in pattern.finditer(text):
            if text[match.start() - 1 : match.start()] not in tuple("0123456789abcdefABCDEFx"):
                yield match[0]
    for match in _DOMAIN.finditer(text):
        if local := _LOCAL_PART.search(text, max(0, match.start() - 64), match.start()):
            yield local[0] + match[0]


def _names(text: str) -> Iterator[str]:
    for match in _NAME.finditer(text):
        yield from (match[1][:3], match[1])


def leaks(platform: ThrowawayPlatform, broker: Broker, *, named: frozenset[str] = frozenset()) -> list[str]:
    """The places where an invented person can be found, one line each, and who, cut short.

    Anybody by number, phone or address; those `named` by their names too.
    """
    found = []
    for place, content in _places(platform, broker):
        text = content.decode(errors="replace")
        people = {one for one in _somebody(text) if len(one) != 18 or _is_number(one)}
        people |= named.intersection(_names(text)) if named else set()
        found += [f"{place}: {person[:6]}… ({len(people)} in all)" for person in sorted(people)[:1]]
    return found


def _is_number(text: str) -> bool:
    return check_character(text[:17]) == text[17].upper()


def _places(platform: ThrowawayPlatform, broker: Broker) -> Iterator[tuple[str, bytes]]:
    for path in sorted(platform.folder.glob("*.log")):
        yield f"log {path.name}", path.read_bytes()
    for name, (_, ready_url) in platform.processes.items():
        with urllib.request.urlopen(ready_url.replace("/readyz", "/metrics"), timeout=10) as answer:
            yield f"metrics of {name}", answer.read()
    for name, url in platform.databases.items():
        dump = _dump(url)
        yield f"database {name}", dump
        # columns of bytes are written as hexadecimal
        yield f"bytes in database {name}", b"\n".join(bytes.fromhex(one.decode()) for one in _BYTES.findall(dump))
    yield from _queues(broker, platform.vhost)


def _dump(url: str) -> bytes:
    postgres = find_program("postgres")
    assert postgres is not None
    program = str(Path(postgres).parent / "pg_dump")
    return subprocess.run([program, "--no-owner", f"--dbname={url}"], stdout=subprocess.PIPE, check=True).stdout


def _queues(broker: Broker, vhost: str) -> Iterator[tuple[str, bytes]]:
    for queue in json.loads(broker.ask("GET", f"/queues/{quote(vhost, safe='')}")):
        request = {"count": 10_000, "ackmode": "ack_requeue_true", "encoding": "auto"}
        path = f"/queues/{quote(vhost, safe='')}/{quote(queue['name'], safe='')}/get"
        yield f"queue {queue['name']}", broker.ask("POST", path, json.dumps(request).encode())
