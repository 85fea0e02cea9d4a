"""What counts as the same output, and what does not: a comparison that lets everything pass would prove nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.documents import blocks

STEP = blocks.Step("get counts", ('{"accepted": 2}', "周* 01a20a51-f5aa-703e-a626-2cb928c6b9b3"))


def test_ids_times_and_names_may_differ_and_nothing_else() -> None:
    same = '{"accepted": 2}\n诸葛* 01a20a52-b1e6-700b-9934-336cbe0319c6\n'
    assert blocks.differences(STEP, same) == []
    assert blocks.differences(STEP, same.replace("2}", "3}")) != []
    assert blocks.differences(STEP, same + "more\n") != []
    assert blocks.differences(STEP, '{"accepted": 2}\n') != []
    assert blocks.is_like("valid until 2026-01-01T00:00:00Z, …", "valid until 2031-05-06T07:08:09.123+08:00, or later")
    assert not blocks.is_like("valid until 2026-01-01T00:00:00Z", "valid until tomorrow")


def test_a_step_that_shows_nothing_must_print_nothing() -> None:
    (step,) = blocks.steps("echo loud")
    assert blocks.differences(step, "") == []
    assert blocks.differences(step, "loud\n") != []


def test_output_belongs_to_the_commands_above_it() -> None:
    assert list(blocks.steps("a\nb\n#> 1\n#>\n#> 2\nc\n")) == [
        blocks.Step("a\nb", ("1", "", "2")),
        blocks.Step("c", ()),
    ]


def test_commands_of_a_document_share_a_shell_and_a_failed_one_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "ROOT", tmp_path)
    fence = "`" * 3
    (tmp_path / "a.md").write_text(
        f"{fence}sh good\nX=1\n{fence}\n{fence}sh good\necho $X\n#> 2\n{fence}\n{fence}sh bad\nfalse\n{fence}\n"
    )
    found = blocks.run("a.md", "good", folder=tmp_path, environment=os.environ)
    assert found == ["after: echo $X", "shown:   2", "printed: 1"]
    with pytest.raises(AssertionError):
        blocks.run("a.md", "bad", folder=tmp_path, environment=os.environ)
