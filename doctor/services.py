"""The services' databases and processes: migrations, dead letters, readiness. It only reads.

Not here: the servers themselves (``servers``), the queues (``queues``), keys (``keyrings``).
"""

from __future__ import annotations

import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from chassis.store import migrations
from chassis.store.database import make_engine
from deploy.local.broker_users import GATEWAY
from doctor.remarks import Finding, Passed, Remark, Skipped, Text
from doctor.site import PROBE_SECONDS, Site

MIGRATIONS = Text("迁移", "migrations")
DEAD_LETTERS = Text("死信", "dead letters")
PROCESSES = Text("进程", "processes")
_WAITING = text(
    """select consumer, count(*), min(died_at) from dead_letters where redriven_at is null group by consumer order by 2 desc"""
)


def engine_of(site: Site, name: str) -> Engine:
    """An engine on the database of a service or of the gateway; every wait is short."""
    url = site.secret(f"{name.upper()}_DATABASE_URL")
    return make_engine(url, pool_size=1, name="doctor", statement_timeout_seconds=PROBE_SECONDS)


@contextlib.contextmanager
def reading(site: Site, name: str) -> Iterator[Connection]:
    """A connection that cannot write."""
    engine = engine_of(site, name)
    try:
        with engine.connect().execution_options(postgresql_readonly=True) as connection:
            yield connection
    finally:
        engine.dispose()


def module_of(name: str) -> str:
    """The module of a deployable, for ``python -m``."""
    return name if name == GATEWAY else f"services.{name}"


def schemas(site: Site) -> Iterator[Remark]:
    """Whether each database has every migration of this code; a database that is ahead is fine."""
    seen = []
    for name in site.names:
        newest = migrations.head(name)
        engine = engine_of(site, name)
        try:
            current = migrations.current(engine)
        except OperationalError as error:
            if "does not exist" not in str(error.orig):
                yield Skipped(MIGRATIONS, Text(f"{name}：{error.orig}", f"{name}: {error.orig}"))
                continue
            current = "-"
        finally:
            engine.dispose()
        if current < newest:
            yield _behind(site, name, current, newest)
        else:
            seen.append(f"{name} {current}")
    if len(seen) == len(site.names):
        words = ", ".join(seen)
        yield Passed(MIGRATIONS, Text(words, words))


def _behind(site: Site, name: str, current: str, newest: str) -> Finding:
    return Finding(
        "migration_behind",
        name,
        Text(
            f"{name} 的数据库停在迁移 {current}，代码已到 {newest}",
            f"the database of {name} is at migration {current}, the code has {newest}",
        ),
        site.command(module_of(name), "migrate"),
        Text("在此之前它的进程不会就绪", "its processes are not ready before that"),
    )


def dead_letters(site: Site) -> Iterator[Remark]:
    """Whether there are dead letters that have not been sent again."""
    looked_at, waiting = [], 0
    for name in (name for name in site.names if name != GATEWAY):
        try:
            with reading(site, name) as connection:
                rows = connection.execute(_WAITING).all()
        except (ProgrammingError, OperationalError):
            yield Skipped(
                DEAD_LETTERS, Text(f"{name} 的数据库还没有这张表", f"the database of {name} has no such table")
            )
            continue
        looked_at.append(name)
        if rows:
            waiting += 1
            yield _dead(site, name, [(str(row[0]), int(row[1])) for row in rows], min(row[2] for row in rows))
    if looked_at and not waiting:
        yield Passed(DEAD_LETTERS, Text(f"{', '.join(looked_at)} 都没有", f"none in {', '.join(looked_at)}"))


def _dead(site: Site, name: str, counted: list[tuple[str, int]], oldest: Any) -> Finding:
    total = sum(count for _, count in counted)
    by_handler = ", ".join(f"{consumer} {count}" for consumer, count in counted)
    since = f"{oldest:%Y-%m-%d %H:%M} UTC"
    return Finding(
        "dead_letters",
        name,
        Text(
            f"{name} 有 {total} 条死信等待处理（{by_handler}），最早的在 {since}",
            f"{total} dead letters wait in {name} ({by_handler}), the oldest since {since}",
        ),
        site.command(module_of(name), "dead", "list"),
        Text(
            "处理程序放弃了它们；先消除原因，再用 dead redrive --all 重发，重发两次也无妨",
            "a handler gave them up: mend the cause, then `dead redrive --all`; redriving twice is harmless",
        ),
    )


def supervisor(site: Site) -> Iterator[Remark]:
    """Whether the platform of this checkout runs at all."""
    if site.is_given:
        yield Skipped(PROCESSES, Text("服务器由环境变量给出", "the servers are named by the environment"))
    elif not site.is_running:
        started = bool(site.environment)
        yield Finding(
            "platform_stopped",
            str(site.place.state),
            Text(
                "平台没有运行" if started else "本目录从未启动过平台",
                "the platform does not run" if started else "nothing has ever been started in this checkout",
            ),
            "make up",
        )


def processes(site: Site, *, explained: bool) -> Iterator[Remark]:
    """Whether every process is ready; where a finding explains why not, unready processes are only named."""
    urls = site.ready_urls()
    unready = {name: problem for name, url in urls.items() if (problem := _unready(url)) is not None}
    if unready and explained:
        names = ", ".join(unready)
        yield Skipped(
            PROCESSES, Text(f"先处理上面的问题；未就绪：{names}", f"mend the above first; not ready: {names}")
        )
        return
    for name, problem in unready.items():
        yield Finding(
            "process_not_ready",
            name,
            Text(f"进程 {name} 未就绪：{problem}", f"the process {name} is not ready: {problem}"),
            f"tail -n 30 {site.place.state}/logs/{name}.log",
        )
    if urls and not unready:
        words = ", ".join(urls)
        yield Passed(PROCESSES, Text(f"{words} 就绪", f"{words} ready"))


def _unready(url: str) -> str | None:
    """Why a process is not ready, or that it does not answer; None where it is ready."""
    try:
        with urllib.request.urlopen(url, timeout=PROBE_SECONDS):
            return None
    except urllib.error.HTTPError as error:
        try:
            checks = json.load(error)
            return "; ".join(f"{name}: {wrong}" for name, wrong in checks.items() if wrong != "ok")
        except (ValueError, AttributeError):
            return f"HTTP {error.code}"
    except OSError as error:
        return str(error)
