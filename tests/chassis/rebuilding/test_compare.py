"""Comparing a copy with its source: every kind of difference is named, and a listing that cannot be trusted is refused."""

from __future__ import annotations

import itertools
import tracemalloc
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.ground import clock
from chassis.rebuilding.compare import (
    DIFFERENT,
    EXTRA,
    MISSING,
    NEWER,
    OLDER,
    Difference,
    Held,
    ListingUnusable,
    differences,
    read_listing,
    write_listing,
)
from chassis.rebuilding.republish import State

Side = dict[str, tuple[int, str]]
SIDES = st.dictionaries(
    st.text("ab中\U0001f600", min_size=1, max_size=3), st.tuples(st.integers(1, 3), st.sampled_from("xy")), max_size=8
)


def held(side: Side) -> list[Held]:
    return [Held(key, version, {"state": state}) for key, (version, state) in sorted(side.items())]


def state(subject_id: str, version: int = 1, **data: Any) -> State:
    return State("talent.affiliation.confirmed.v1", subject_id, version, data, clock.now())


def listing(*states: State) -> list[str]:
    return list(write_listing("affiliation", states))


def read(lines: list[str]) -> list[Held]:
    return list(read_listing("affiliation", lines))


class TestDifferences:
    @given(source=SIDES, copy=SIDES)
    def test_are_those_of_two_dictionaries(self, source: Side, copy: Side) -> None:
        wanted = {}
        for key in source.keys() | copy.keys():
            if key not in copy:
                wanted[key] = MISSING
            elif key not in source:
                wanted[key] = EXTRA
            elif source[key][0] != copy[key][0]:
                wanted[key] = OLDER if copy[key][0] < source[key][0] else NEWER
            elif source[key] != copy[key]:
                wanted[key] = DIFFERENT
        found = list(differences(held(source), held(copy)))
        assert {one.subject_id: one.kind for one in found if one} == wanted
        assert len(found) == len(source.keys() | copy.keys())

    def test_name_the_fields_and_leave_out_what_the_copy_does_not_keep(self) -> None:
        source = [Held("1", 2, {"name": "A", "kind": "university", "status": "active"})]
        copy = [Held("1", 2, {"kind": "venue", "status": "closed"})]
        assert list(differences(source, copy)) == [Difference(DIFFERENT, "1", 2, 2, ("kind", "status"))]
        assert list(differences(source, [Held("1", 2, {"kind": "university", "status": "active"})])) == [None]

    def test_of_a_hundred_thousand_need_no_more_memory_than_of_a_few(self) -> None:
        def many() -> Iterator[Held]:
            for number in range(100_000):
                yield Held(f"{number:09}", 1, {"state": f"state {number}"})

        tracemalloc.start()
        count = sum(1 for one in differences(many(), many()) if one is None)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert count == 100_000
        assert peak < 1_000_000


class TestListing:
    def test_is_read_as_it_was_written(self) -> None:
        ids = sorted(str(uuid.uuid4()) for _ in range(5))
        assert read(listing(*[state(one, 3, role="student", 名="值") for one in ids])) == [
            Held(one, 3, {"role": "student", "名": "值"}) for one in ids
        ]
        assert read(listing()) == []

    def test_counts_the_newest_of_several_versions(self) -> None:
        lines = listing(state("a", 1, n=1), state("a", 2, n=2), state("b", 1, n=3))
        assert read(lines) == [Held("a", 2, {"n": 2}), Held("b", 1, {"n": 3})]

    def test_is_refused_when_it_is_cut_off_anywhere(self) -> None:
        text = "\n".join(listing(state("a"), state("b")))
        for length in range(len(text)):
            with pytest.raises(ListingUnusable):
                read(text[:length].splitlines())
        assert len(read(text.splitlines())) == 2

    @pytest.mark.parametrize(
        "lines",
        [
            [],
            ["nonsense"],
            ["[]"],
            list(write_listing("organisation", [])),
            [*listing()[:1], '{"id": "a"}', '{"end": "affiliation", "count": 1}'],
            [*listing()[:1], '{"id": "a", "version": "one", "data": {}}'],
            [*listing(state("a"))[:2], *listing(state("b"))],
            listing(state("b"), state("a")),
        ],
    )
    def test_is_refused_when_it_is_something_else(self, lines: list[str]) -> None:
        with pytest.raises(ListingUnusable):
            read(lines)

    def test_keeps_the_order_of_the_source_for_every_script(self) -> None:
        keys = sorted(["a", "B", "_", "中", "é", "\U0001f600", "10", "9"])
        assert [one.subject_id for one in read(listing(*map(state, keys)))] == keys
        for first, second in itertools.pairwise(keys):
            with pytest.raises(ListingUnusable):
                read(listing(state(second), state(first)))
