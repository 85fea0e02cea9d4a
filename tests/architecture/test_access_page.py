"""The page that says who may do what is that of the code and of the matrix, which has a line for every route."""

from __future__ import annotations

from tests.access import page
from tests.access.matrix import GROUP_OF, GROUPS, IMPOSSIBLE, ROUTES, cell


def test_every_route_has_a_line_in_the_matrix_and_one_alone() -> None:
    named = [name for group in GROUPS for name in group.lines]
    assert sorted(named) == sorted(ROUTES), "a line in tests/access/matrix.py, what is sent in tests/access/requests.py"


def test_every_line_says_what_those_are_answered_whom_its_rule_leaves_out() -> None:
    silent = {(name, column.title) for name in GROUP_OF for column in page.COLUMNS if not cell(name, column)}
    assert silent == set()


def test_every_rule_lets_somebody_in() -> None:
    for name, group in GROUP_OF.items():
        answers = {cell(name, column) for column in group.let_in}
        assert group.lines[name].let_in in answers, name
        assert answers <= {group.lines[name].let_in, IMPOSSIBLE}, name


def test_the_page_of_access_is_fresh() -> None:
    written = page.PAGE.read_text(encoding="utf-8")
    assert written == page.page(), "type python -m tests.access.page"
