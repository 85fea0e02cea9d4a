"""Ids sort by their time and never repeat, in threads and in forked children too."""

from __future__ import annotations

import os
import time
import uuid

import time_machine

from chassis.ground.ids import uuid7
from tests.chassis.conftest import at_once


def millisecond(value: uuid.UUID) -> int:
    return value.int >> 80


class TestUuid7:
    def test_is_a_version_7_of_this_moment(self) -> None:
        before = time.time_ns() // 1_000_000
        made = [uuid7() for _ in range(20_000)]
        after = time.time_ns() // 1_000_000
        assert {(one.version, one.variant) for one in made} == {(7, uuid.RFC_4122)}
        assert all(before <= millisecond(one) <= after for one in made)

    def test_is_greater_than_the_one_before(self) -> None:
        made = [uuid7() for _ in range(50_000)]
        assert made == sorted(made)
        assert len(set(made)) == len(made)

    def test_never_goes_back_when_the_clock_does(self) -> None:
        last = uuid7()
        with time_machine.travel(time.time() - 3600, tick=True):
            assert uuid7() > last

    def test_is_never_the_same_in_two_threads(self) -> None:
        made = [one for some in at_once(8, lambda number: [uuid7() for _ in range(5_000)]) for one in some]
        assert len(set(made)) == 40_000

    def test_is_never_the_same_in_a_forked_child(self) -> None:
        uuid7()
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(writing, uuid7().bytes)
            os._exit(0)
        mine = uuid7()
        os.waitpid(child, 0)
        theirs = uuid.UUID(bytes=os.read(reading, 16))
        os.close(reading)
        os.close(writing)
        assert theirs.int & (1 << 62) - 1 != mine.int & (1 << 62) - 1
