"""Processes that tests of this checkout have left; a run that is under way leaves none yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from deploy.local import leftovers
from doctor.remarks import Finding, Passed, Remark, Text

LEFTOVERS = Text("测试遗留的进程", "processes left by tests")


def processes(state: Path) -> Iterator[Remark]:
    """Whether tests that were killed have left processes; `state` is the folder of the checkout's platform."""
    tests = state / "test"
    if leftovers.is_at_work(tests):
        yield Passed(LEFTOVERS, Text("测试正在运行", "tests are running"))
        return
    found = [*leftovers.of_tests(tests), *leftovers.servers(tests)]
    if not found:
        yield Passed(LEFTOVERS, Text("没有", "none"))
        return
    pids = ", ".join(str(process.pid) for process in found)
    commands = "; ".join(f"{process.pid} {process.command[:80]}" for process in found[:5])
    yield Finding(
        "tests_left",
        pids,
        Text(
            f"测试异常结束后遗留了 {len(found)} 个进程（{pids}）：{commands}",
            f"tests that were killed have left {len(found)} processes ({pids}): {commands}",
        ),
        "make down",
        Text(
            "它们占用内存和端口；make down 会按进程号结束它们",
            "they hold memory and ports; make down ends them by their ids",
        ),
    )
