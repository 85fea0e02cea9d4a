"""The servers: the database server and the broker, whether they answer, and the broker's disk and memory.

Not here: what is in them (``platform``, ``queues``), their clocks (``clocks``).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import amqp
import psycopg2
from sqlalchemy import make_url

from chassis.broker.wire import CONNECTION_ERRORS, Wire
from deploy.local.rabbitmq import DISK_FREE_LIMIT_MB
from doctor import machine
from doctor.management import fetch, no_api
from doctor.remarks import Finding, Passed, Remark, Skipped, Text
from doctor.site import PROBE_SECONDS, Site

DATABASE = Text("数据库服务器", "database server")
BROKER = Text("消息服务器", "broker")
BROKER_ROOM = Text("消息服务器的磁盘和内存", "the broker's disk and memory")
#: libpq's messages for a server that cannot be reached; all others come from the server itself.
_UNREACHABLE = re.compile(
    "timeout expired|refused|closed the connection|could not translate|route to host|unreachable|reset by"
)


def database(site: Site) -> Iterator[Remark]:
    """Whether every database server the processes name answers and lets them in."""
    for place, url in database_servers(site).items():
        try:
            connect(url).close()
            yield Passed(DATABASE, Text(f"{place} 应答", f"{place} answers"))
        except psycopg2.OperationalError as error:
            words = str(error).strip().partition("\n")[0].rpartition(" failed: ")[2]
            if "does not exist" in words:  # the database, not the server: the migrations say more
                yield Passed(DATABASE, Text(f"{place} 应答", f"{place} answers"))
            elif _UNREACHABLE.search(str(error)):
                yield _database_down(site, place, words)
            else:
                yield _database_refuses(site, place, words)


def database_servers(site: Site) -> dict[str, str]:
    """Server → a URL to connect to."""
    urls = [make_url(site.secret(f"{name.upper()}_DATABASE_URL")) for name in site.names]
    return {f"{url.host}:{url.port or 5432}": url.render_as_string(hide_password=False) for url in reversed(urls)}


def connect(url: str) -> Any:
    """A connection, within PROBE_SECONDS; raises psycopg2.OperationalError."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg2.connect(plain, connect_timeout=int(PROBE_SECONDS), application_name="doctor")


def _database_down(site: Site, place: str, words: str) -> Finding:
    hangs = site.owns_database and site.postgres_pid() is not None
    return Finding(
        "database_down",
        place,
        Text(f"数据库服务器 {place} 不应答：{words}", f"the database server {place} does not answer: {words}"),
        _start(site.owns_database, hangs=hangs, place=place, unit="postgresql"),
        Text(
            "期间请求得到 503，消息在队列里等待；恢复后各进程自行继续",
            "requests are answered 503 and messages wait; once it is back the processes go on by themselves",
        ),
    )


def _database_refuses(site: Site, place: str, words: str) -> Finding:
    return Finding(
        "database_refuses",
        place,
        Text(f"数据库服务器 {place} 拒绝连接：{words}", f"the database server {place} refuses: {words}"),
        "make down && make up" if site.owns_database else f"psql -h {place.partition(':')[0]} -l",
    )


def _start(owned: bool, *, hangs: bool, place: str, unit: str) -> str:
    """What to type to start a server: make for a private server, systemctl for an external one."""
    if owned:
        return "make down && make up" if hangs else "make up"
    host = place.rpartition(":")[0]
    remote = "" if host in ("localhost", "127.0.0.1", "::1", "None") else f"ssh {host} "
    return f"{remote}sudo systemctl start {unit}"


def broker(site: Site) -> Iterator[Remark]:
    """Whether every broker node answers and lets every user of the platform in."""
    names = ["AMQP_URI", *(f"{name.upper()}_AMQP_URI" for name in site.names)]
    nodes = {node for name in names for node in site.secret(name).split(";") if node}
    down: set[str] = set()
    let_in = []
    for node in sorted(nodes):
        parts = urlsplit(node)
        place = f"{parts.hostname}:{parts.port or 5672}"
        if place in down:
            continue
        try:
            Wire(node, name="doctor", heartbeat=0, connect_timeout=PROBE_SECONDS).close()
            let_in.append(f"{parts.username}@{place}")
        except (amqp.AccessRefused, amqp.NotAllowed) as refusal:
            yield _broker_refuses(site, str(parts.username), parts.path[1:] or "/", refusal)
        except CONNECTION_ERRORS as error:
            down.add(place)
            yield _broker_down(site, place, error)
    if let_in:
        words = ", ".join(let_in)
        yield Passed(BROKER, Text(f"{words} 可以登录", f"lets in {words}"))


def _broker_down(site: Site, place: str, error: BaseException) -> Finding:
    hangs = site.owns_broker and site.broker_pid() is not None
    return Finding(
        "broker_down",
        place,
        Text(f"消息服务器 {place} 不应答：{error}", f"the broker {place} does not answer: {error}"),
        _start(site.owns_broker, hangs=hangs, place=place, unit="rabbitmq-server"),
        Text(
            "期间请求得到 503，事实留在发件箱里；恢复后各进程自行连上",
            "requests are answered 503 and facts wait in the outbox; once it is back the processes connect by themselves",
        ),
    )


def _broker_refuses(site: Site, user: str, vhost: str, refusal: amqp.AMQPError) -> Finding:
    reason = str(getattr(refusal, "reply_text", refusal))
    return Finding(
        "broker_refuses",
        user,
        Text(
            f"消息服务器拒绝用户 {user}（虚拟主机 {vhost}）：{reason}",
            f"the broker refuses user {user} ({vhost}): {reason}",
        ),
        "make down && make up" if site.owns_broker else f"sudo rabbitmqctl list_user_permissions {user}",
        Text("密码或权限改过", "its password or its rights were changed"),
    )


def broker_room(site: Site) -> Iterator[Remark]:
    """Whether the broker is about to stop taking messages: disk near its own limit, memory above it."""
    nodes = fetch(site, "/nodes")
    if nodes is None:
        yield Skipped(BROKER_ROOM, no_api(site))
        return
    for node in nodes:
        free, limit = node.get("disk_free"), node.get("disk_free_limit") or 0
        if site.owns_broker:  # it collects no statistics, and its data is on the same disk as ours
            free, limit = shutil.disk_usage(site.place.data).free, DISK_FREE_LIMIT_MB * 10**6
        if not isinstance(free, int):
            yield Skipped(BROKER_ROOM, Text(f"{node['name']} 不报告", f"{node['name']} does not report it"))
        elif node.get("disk_free_alarm") or free < 2 * limit:
            yield _broker_disk(site, node["name"], free, limit)
        elif not node.get("mem_alarm"):
            shown = f"{node['name']} {free / 2**30:.1f} GiB", f"{limit / 2**20:.0f} MiB"
            yield Passed(
                BROKER_ROOM, Text(f"{shown[0]} 可用，停收下限 {shown[1]}", f"{shown[0]} free, it stops at {shown[1]}")
            )
        if node.get("mem_alarm"):
            yield _broker_memory(node["name"])


def _broker_memory(node: str) -> Finding:
    return Finding(
        "broker_memory",
        node,
        Text(f"{node} 内存超限，不再收消息", f"{node} is above its memory limit and takes no messages"),
        f"sudo rabbitmqctl -n {node} list_queues name messages consumers",
        Text(
            "多半是某个队列积压，它的处理程序没有运行",
            "most often a queue has grown long because its handler does not run",
        ),
    )


def _broker_disk(site: Site, node: str, free: int, limit: int) -> Finding:
    folder = machine.mount_of(site.place.data) if site.owns_broker else "/var/lib/rabbitmq"
    left, least = f"{free / 2**20:.0f} MiB", f"{limit / 2**20:.0f} MiB"
    return Finding(
        "disk_nearly_full",
        node,
        Text(
            f"{node} 的磁盘只剩 {left}；低于 {least} 它就不再收消息（低于两倍即提醒）",
            f"{node} has {left} of disk left; below {least} it takes no messages (reported below twice that)",
        ),
        f"du -xh --max-depth=2 {folder} 2>/dev/null | sort -h | tail -20",
        Text("先找出占地方的文件再删", "this shows what is big"),
    )
