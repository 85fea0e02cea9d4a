"""A reader of rows that tries what a taken-over child process would try; each row names an attempt and its target.

Everything it needs is imported with it, before the barrier: the worst case.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
from collections.abc import Callable, Mapping
from typing import Any

from chassis.imports.kinds import Column, ImportKind

_LIBC = ctypes.CDLL(None, use_errno=True)
_PROCESS_VM_READV = _LIBC.process_vm_readv
_PTRACE = _LIBC.ptrace
_ATTACH = 16


def _checked(result: int) -> Any:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def _read(path: str) -> Any:
    with open(path, "rb") as file:
        return file.read(100)


def _write(path: str) -> Any:
    with open(path, "wb") as file:
        return file.write(b"x")


def _connect(address: str) -> Any:
    host, _, port = address.rpartition(":")
    connection = socket.socket()
    connection.settimeout(2)
    connection.connect((host, int(port)))
    return connection


def _descriptors(target: str) -> Any:
    """Those beside the three that carry task, answer and complaint."""
    found = []
    for number in range(3, 1024):
        try:
            os.lseek(number, 0, os.SEEK_CUR)
            found.append(number)
        except OSError as error:
            if error.strerror == "Illegal seek":  # a pipe or a socket
                found.append(number)
    return found


def _peek(target: str) -> Any:
    content = ctypes.create_string_buffer(8)
    piece = (ctypes.c_size_t * 2)(ctypes.addressof(content), 8)
    return _checked(_PROCESS_VM_READV(os.getppid() if target == "parent" else int(target), piece, 1, piece, 1, 0))


def _fork(target: str) -> Any:
    if (child := os.fork()) == 0:
        os._exit(0)
    return os.waitpid(child, 0)


ATTEMPTS: dict[str, Callable[[str], Any]] = {
    "read": _read,
    "write": _write,
    "remove": os.unlink,
    "look at": os.stat,
    "list": os.listdir,
    "environment": lambda _: sorted(set(os.environ) - {"LANG", "LC_CTYPE"}),
    "descriptors": _descriptors,
    "connect": _connect,
    "listen": lambda _: socket.socket().listen(),
    "pair": lambda _: socket.socketpair(),
    "memory file": os.memfd_create,
    "signal": lambda target: os.kill(int(target), 0),
    "trace": lambda target: _checked(_PTRACE(_ATTACH, int(target), 0, 0)),
    "peek": _peek,
    "fork": _fork,
    "run": lambda path: os.posix_spawn(path, [path], {}),
    "become": lambda _: os.setresuid(0, 0, 0),
    "widen": lambda _: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
    "mount": lambda target: _checked(_LIBC.unshare(0x10000000)),
    "stop waiting": lambda target: os.kill(int(target), signal.SIGSTOP),
}


def attempt(name: str, target: str) -> Any:
    """What came of an attempt: the error that refused it, or else what it got."""
    try:
        return repr(ATTEMPTS[name](target))
    except BaseException as error:
        return type(error).__name__


def read_row(cells: Mapping[str, Any]) -> Any:
    """The attempt of this row."""
    return {"outcome": attempt(str(cells["attempt"]), str(cells["target"]))}


def _apply(*_: Any, **__: Any) -> Any:
    raise AssertionError("nothing is applied")


KIND = ImportKind(
    "hostile",
    zh="敌意",
    en="Hostile",
    columns=(Column("attempt", "尝试", "Attempt", ("尝试",)), Column("target", "目标", "Target", ("目标",))),
    read_row=read_row,
    apply=_apply,
)
