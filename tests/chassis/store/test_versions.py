"""A change names the version it saw."""

from __future__ import annotations

import pytest

from chassis.store.versions import VersionStale, check_version


class TestCheckVersion:
    @pytest.mark.parametrize("expected", [3, None])
    def test_lets_pass_who_has_seen_the_current_one(self, expected: int | None) -> None:
        check_version(3, expected)

    @pytest.mark.parametrize("expected", [2, 4, 0])
    def test_refuses_another_and_names_the_current_one(self, expected: int) -> None:
        with pytest.raises(VersionStale) as refused:
            check_version(3, expected)
        wire = refused.value.to_wire()
        assert (wire["kind"], wire["code"]) == ("precondition_failed", "chassis.version_stale")
        assert wire["params"] == {"current": 3}
        assert "3" in wire["zh"]
        assert "3" in wire["en"]
