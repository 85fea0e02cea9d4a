"""What is not counted is distinguished in words, and never as a number."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.reports import counting, pages
from gateway.reports.counting import Figure

NAMES = {"zh-CN": "灯<船>", "en": "Lamp <boats>"}


def definition(key: str) -> dict[str, Any]:
    display = {"qualifier": "exact", "grain": None, "scale": None, "decimals": 0, "numerals": "digits"}
    return {"key": key, "unit": "record", "classifier": "艘", "display": display, "name": NAMES}


def programme(status: str, **counted: Any) -> dict[str, Any]:
    """A programme with a figure for each key: what its service answered, None where it did not."""
    about = {"key": "X01", "title": NAMES, "status": status, "departments": []}
    figures = [
        counting.answer(Figure(about, definition(key)), one, as_of="2031-06-30", county=None)
        for key, one in counted.items()
    ]
    return {**about, "figures": figures}


def counted(value: Any) -> dict[str, Any]:
    return {"value": value, "n_records": value or 0, "reported_by": []}


@pytest.fixture
def report() -> tuple[dict[str, Any], dict[str, Any]]:
    programmes = [
        programme("running", seven=counted(7), nothing=counted(None), away=None),
        programme("planned", plan=counted(5), open=counted(None)),
        programme("advocated"),
        programme("running"),
    ]
    chapters = [{"key": "wings", "title": NAMES, "programmes": programmes}]
    names = {one["key"]: NAMES for each in programmes for one in each["figures"]}
    return {"as_of": "2031-06-30", "county": "990102", "chapters": chapters}, {"title": NAMES, "names": names}


def test_five_ways_of_saying_how_it_is(report: tuple[dict[str, Any], dict[str, Any]]) -> None:
    found, about = report
    figures = [one for programme in found["chapters"][0]["programmes"] for one in programme["figures"]]
    assert [(one["status"], one["value"], one["display"]) for one in figures] == [
        ("counted", 7, "7艘"),
        ("not_reported", None, None),
        ("unavailable", None, None),
        ("planned", 5, "5艘"),
        ("planned", None, None),
    ]
    assert figures[2]["n_records"] is None
    lines = [line for line in pages.text(found, about, "zh-CN").splitlines() if line]
    assert lines[1:3] == ["截至2031年6月30日，区划 990102", "一、灯<船>"]
    assert lines[3::2] == [f"（{number}）灯<船>" for number in "一二三四"]
    assert lines[4::2] == [
        "灯<船>7艘，灯<船>未报送，灯<船>暂不可用。",
        "灯<船>5艘（规划中），灯<船>规划中。",
        "倡导。",
        "未报送。",
    ]
    english = pages.text(found, about, "en")
    assert "Lamp <boats>: 7艘; Lamp <boats>: not reported; Lamp <boats>: not available at the moment." in english


def test_a_page_escapes_what_the_pack_says(report: tuple[dict[str, Any], dict[str, Any]]) -> None:
    for language in ("zh-CN", "en"):
        page = pages.page(*report, language)  # type: ignore[arg-type]
        assert "<船>" not in page and "<boats>" not in page
        assert ">0<" not in page
        assert f'<html lang="{language}">' in page
