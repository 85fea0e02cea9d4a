"""The report: the outline's chapters, their programmes in order, and what of each is counted.

Programmes of no chapter of the outline are left out; a chapter without programmes stays, empty.
"""

from __future__ import annotations

from typing import Any

from contracts.programmes import PROGRESS
from gateway.calls import backend
from gateway.reports import counting
from gateway.reports.counting import Figure


def compose(*, as_of: str, county: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The report as JSON has it, and the outline. Raises OutlineNotFound."""
    outline, programmes = _records()
    figures = [Figure(programme, one) for programme in programmes for one in programme["figures"]]
    counted = counting.count(figures, as_of=as_of, county=county)
    chapters = [
        {
            "key": chapter["key"],
            "title": chapter["title"],
            "programmes": [_programme(one, counted) for one in programmes if one["chapter"] == chapter["key"]],
        }
        for chapter in outline["chapters"]
    ]
    names = {figure.key: figure.definition["name"] for figure in figures}
    return {"as_of": as_of, "county": county, "chapters": chapters}, {"title": outline["title"], "names": names}


def _records() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    outline = backend.query("gateway.get_report_outline", {"key": PROGRESS})
    return outline, backend.query("gateway.list_programmes", {})["items"]


def _programme(programme: dict[str, Any], counted: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        **{name: programme[name] for name in ("key", "title", "status", "departments")},
        "figures": [counted[one["key"]] for one in programme["figures"]],
    }
