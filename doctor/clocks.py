"""This machine's clock beside those of the database server, the broker and the gateway."""

from __future__ import annotations

import email.utils
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg2

from doctor.management import request
from doctor.remarks import Finding, Passed, Remark, Skipped, Text
from doctor.servers import connect, database_servers
from doctor.site import PROBE_SECONDS, Site

CLOCKS = Text("时钟", "clocks")
#: A request's deadline is an instant: with clocks this far apart, requests are dropped as expired, or never dropped.
SKEW_SECONDS = 2.0


def clocks(site: Site) -> Iterator[Remark]:
    """This machine's clock beside the database server's, the broker's and the gateway's."""
    seen = []
    for place, url in database_servers(site).items():
        seen.append((f"PostgreSQL {place}", _database_skew(url)))
    seen.append((f"RabbitMQ {urlsplit(site.broker_api).hostname}", _http_skew(site.broker_api)))
    gateway = site.environment.get("GATEWAY_PUBLIC_URL") or f"http://{site.environment.get('GATEWAY_BIND', '')}"
    if site.environment.get("GATEWAY_BIND"):
        seen.append((f"gateway {urlsplit(gateway).netloc}", _http_skew(f"{gateway}/livez")))
    compared = [(place, skew) for place, skew in seen if skew is not None]
    for place, skew in compared:
        if abs(skew) > SKEW_SECONDS:
            yield _skewed(place, skew)
    if compared and all(abs(skew) <= SKEW_SECONDS for _, skew in compared):
        places = ", ".join(f"{place} {skew:+.1f} s" for place, skew in compared)
        most = f"{SKEW_SECONDS:g}"
        yield Passed(CLOCKS, Text(f"{places}（允许 {most} 秒）", f"{places} (at most {most} s)"))
    if not compared:
        yield Skipped(CLOCKS, Text("没有可比的服务器", "no server answers to compare with"))


def _skewed(place: str, skew: float) -> Finding:
    """`skew` in seconds, positive where `place` is ahead of this machine."""
    side = Text("快" if skew > 0 else "慢", "ahead" if skew > 0 else "behind")
    return Finding(
        "clock_skew",
        place,
        Text(
            f"{place} 的时钟比本机{side.zh} {abs(skew):.0f} 秒（允许 {SKEW_SECONDS:g} 秒）",
            f"the clock of {place} is {abs(skew):.0f} s {side.en} of this machine's (at most {SKEW_SECONDS:g} s)",
        ),
        "sudo timedatectl set-ntp true && date -u",
        Text(
            "请求的截止时刻、令牌的期限按时钟算；在走错的那台机器上输入",
            "deadlines of requests and lifetimes of tokens go by the clock; type it on the machine that is wrong",
        ),
    )


def _database_skew(url: str) -> float | None:
    try:
        connection = connect(url)
        with connection, connection.cursor() as cursor:
            before = time.time()
            cursor.execute("select extract(epoch from clock_timestamp())")
            theirs = float(cursor.fetchone()[0])
        connection.close()
    except psycopg2.Error:
        return None
    return theirs - (before + time.time()) / 2


def _http_skew(url: str) -> float | None:
    """The difference by an answer's Date header, which has whole seconds: up to a second counts as none."""
    before = time.time()
    try:
        with urllib.request.urlopen(request(url), timeout=PROBE_SECONDS) as answer:
            date = answer.headers.get("Date")
    except urllib.error.HTTPError as error:
        date = error.headers.get("Date")
    except (OSError, ValueError):
        return None
    if date is None:
        return None
    theirs = email.utils.parsedate_to_datetime(date).timestamp()
    latest, earliest = theirs + 1 - before, theirs - time.time()
    return 0.0 if earliest <= 0 <= latest else min(earliest, latest, key=abs)
