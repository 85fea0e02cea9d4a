"""The barrier between the process that opens files and everything else: raised before the first byte of a file is parsed.

Runs in the child process only, when its code is loaded. Four layers, each of use without the others: no new descriptor and no
new process (limits), a user of its own (where the platform runs as root), an empty network, and a system call filter. The last
three depend on the machine; ``docs/operating.md`` says what each needs, and ADR 0016 why these four.
"""

from __future__ import annotations

import ctypes
import os
import resource
from collections.abc import Callable

LIBSECCOMP = "libseccomp.so.2"
_NO_NEW_PRIVS = 38  # linux/prctl.h
_NEW_NETWORK, _NEW_USER = 0x40000000, 0x10000000  # linux/sched.h
_ALLOW, _REFUSE_WITH_EPERM = 0x7FFF0000, 0x00050001  # seccomp.h of libseccomp
_EQUAL = 4

#: Memory, time, signals to itself, and descriptors that are open already: what parsing and writing the answer take. Whatever
#: is not here fails with EPERM: opening, connecting, starting, tracing, changing limits or users.
ALLOWED = (
    *("read", "readv", "pread64", "write", "writev", "pwrite64", "lseek", "_llseek", "ftruncate", "ftruncate64"),
    *("fstat", "fstat64", "close", "brk", "mmap", "mmap2", "munmap", "mremap", "mprotect", "madvise"),
    *("futex", "futex_time64", "sched_yield", "getrandom", "getpid", "gettid", "time", "gettimeofday"),
    *("clock_gettime", "clock_gettime64", "clock_nanosleep", "nanosleep", "restart_syscall"),
    *("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn", "sigaltstack", "exit", "exit_group"),
)
#: How a process aborts: with itself as the first argument, so that it can signal nobody else.
TO_ITSELF = "tgkill"


class _Argument(ctypes.Structure):
    """The ``struct scmp_arg_cmp`` of libseccomp: what an argument of a system call must be."""

    _fields_ = [
        ("index", ctypes.c_uint),
        ("comparison", ctypes.c_int),
        ("value", ctypes.c_uint64),
        ("unused", ctypes.c_uint64),
    ]


def raise_barrier(user: int) -> list[str]:
    """Shut this process in, for good; what this machine does not give: ``network``, ``user``, ``filter``.

    `user` is the user and group id to run under where this is root.
    """
    libc, close_filter = ctypes.CDLL(None), _prepared_filter()
    is_root = os.geteuid() == 0
    given = {
        "network": libc.unshare(_NEW_NETWORK | (0 if is_root else _NEW_USER)) == 0,
        "user": not is_root or _become(user),
    }
    forbid_descriptors_and_processes()
    libc.prctl(_NO_NEW_PRIVS, *map(ctypes.c_ulong, (1, 0, 0, 0)))
    given["filter"] = close_filter()
    return [layer for layer, is_given in given.items() if not is_given]


def forbid_descriptors_and_processes() -> None:
    """Those that are open go on working; none can be opened, whatever for, and no process started."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def _become(user: int) -> bool:
    """Become this user with a group of the same number and no other; false for root itself, or a root without the right to."""
    if user <= 0:
        return False
    try:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    except OSError:
        return False
    return True


def _prepared_filter() -> Callable[[], bool]:
    """What lets this process make the calls ALLOWED and no other; it gives false where libseccomp is missing or the kernel
    takes no filter.
    """
    try:
        library = ctypes.CDLL(LIBSECCOMP)
    except OSError:
        return lambda: False
    library.seccomp_init.restype = ctypes.c_void_p
    calls = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_REFUSE_WITH_EPERM)))
    own = _Argument(0, _EQUAL, os.getpid(), 0)
    is_whole = bool(calls) and all(
        [*(_allow(library, calls, name) for name in ALLOWED), _allow(library, calls, TO_ITSELF, own)]
    )
    return lambda: is_whole and library.seccomp_load(calls) == 0


def _allow(library: ctypes.CDLL, calls: ctypes.c_void_p, name: str, *arguments: _Argument) -> bool:
    number = library.seccomp_syscall_resolve_name(name.encode())
    if number < 0:  # this architecture has no such call
        return True
    held = (_Argument * len(arguments))(*arguments)
    added = library.seccomp_rule_add_array(calls, ctypes.c_uint32(_ALLOW), number, ctypes.c_uint(len(arguments)), held)
    return bool(added == 0)
