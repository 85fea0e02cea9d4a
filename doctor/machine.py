"""The machine: programs, ports, disk. Standard library only, so that it works before anything is installed.

Not here: the servers and what runs on them (``servers``), clocks (``clocks``).
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from deploy.local import packages
from deploy.local.notes import port_is_free
from doctor.listening import Listener, listener_on
from doctor.remarks import Finding, Passed, Remark, Skipped, Text

PROGRAMS = Text("程序", "programs")
PORTS = Text("端口", "ports")
DISK = Text("磁盘", "disk")
GIB = 2**30
#: On a full disk RabbitMQ stops accepting messages and PostgreSQL stops altogether; this warns well before.
DISK_FREE_GIB = 1.0
#: The programs each server needs, in the same folder or on the PATH.
_NEEDED = {"postgres": ("postgres", "initdb", "pg_ctl"), "rabbitmq-server": ("rabbitmq-server", "erl")}


def programs(servers: Sequence[str]) -> Iterator[Remark]:
    """Whether the programs of the private `servers` ("postgres", "rabbitmq-server") are there."""
    if not servers:
        yield Skipped(PROGRAMS, Text("数据库和消息服务器都不是本目录自带的", "both servers are external"))
        return
    found = {program: packages.find_program(program) for server in servers for program in _NEEDED[server]}
    for program in (name for name, path in found.items() if path is None):
        package = next(packages.SERVERS[server] for server in servers if program in _NEEDED[server])
        yield Finding(
            "program_missing",
            program,
            Text(f"缺少程序 {program}（Debian 软件包 {package}）", f"the program {program} is missing ({package})"),
            _installing(package),
            Text("没有它，`make run` 无法启动自己的服务器", "without it `make run` cannot start its own servers"),
        )
    if all(found.values()):
        names = ", ".join(str(path) for path in found.values())
        yield Passed(PROGRAMS, Text(names, names))


def _installing(package: str) -> str:
    """The command that installs a package as `make` does, without starting a server; for other systems a hint."""
    if shutil.which("apt-get") is None:
        return f"make run   # after installing {package} with this system's package manager"
    sudo = "" if os.geteuid() == 0 else "sudo "
    return f"{sudo}python3 -B -m deploy.local.packages {shlex.quote(package)}"


def ports(expected: Mapping[str, int], *, is_ours: Callable[[Listener], bool], remedy: str) -> Iterator[Remark]:
    """Whether another program took a port of the platform; `expected` maps uses to ports, `remedy` is what to type."""
    taken = 0
    for use, port in expected.items():
        listener = listener_on(port)
        if port_is_free(port) if listener is None else is_ours(listener):
            continue
        taken += 1
        owner = str(listener or "?")
        yield Finding(
            "port_taken",
            str(port),
            Text(
                f"端口 {port}（{use}）被别的程序占用：{owner}",
                f"port {port} ({use}) is taken by another program: {owner}",
            ),
            remedy,
            Text(f"{use} 无法在原来的端口提供服务", f"{use} cannot be where its clients look for it"),
        )
    if not taken:
        numbers = ", ".join(f"{use} {port}" for use, port in expected.items())
        yield Passed(PORTS, Text(f"{numbers}：空闲或由平台使用", f"{numbers}: free, or the platform's own"))


def disk(folder: Path, *, least_gib: float = DISK_FREE_GIB) -> Iterator[Remark]:
    """Whether the data's disk has room: `least_gib` free, and a hundredth of the file system's inodes."""
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / GIB
    counted = os.statvfs(folder)
    files = counted.f_favail / counted.f_files if counted.f_files else 1.0
    if free >= least_gib and files >= 0.01:
        free_space = f"{folder}: {free:.1f} GiB"
        yield Passed(
            DISK,
            Text(f"{free_space} 可用，下限 {least_gib:g} GiB", f"{free_space} free, at least {least_gib:g} wanted"),
        )
        return
    yield Finding(
        "disk_nearly_full",
        str(folder),
        Text(
            f"{folder} 所在磁盘只剩 {free:.2f} GiB（下限 {least_gib:g} GiB），可用文件数 {files:.0%}",
            f"{folder} has {free:.2f} GiB free (at least {least_gib:g} wanted) and {files:.0%} of its files",
        ),
        f"du -xh --max-depth=2 {shlex.quote(str(mount_of(folder)))} 2>/dev/null | sort -h | tail -20",
        Text(
            "磁盘满了，消息服务器不再收消息，数据库停止服务；先找出占地方的文件再删",
            "when it is full the broker takes no messages and the database stops; this shows what is big",
        ),
    )


def mount_of(folder: Path) -> Path:
    """The file system `folder` is on."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.is_mount())


def python_packages(error: ImportError) -> Finding:
    """The finding that the platform's own Python packages are not there."""
    return Finding(
        "program_missing",
        str(error.name),
        Text(
            f"{sys.executable} 缺少 Python 包 {error.name}", f"{sys.executable} lacks the Python package {error.name}"
        ),
        "make -B .state/ready",
        Text("平台还没有在本目录安装好", "the platform is not installed in this checkout yet"),
    )
