"""The page that says who may do what is that of the code and of the tested answers."""

from __future__ import annotations

from tests.bad_input import access_page


def test_the_page_of_access_is_fresh() -> None:
    written = access_page.PAGE.read_text(encoding="utf-8")
    assert written == access_page.page(), "type python -m tests.bad_input.access_page"
