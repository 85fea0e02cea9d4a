"""The pages of the documentation: everybody can read them, they load nothing from outside, and they travel compressed."""

from __future__ import annotations

import gzip
import hashlib
import re
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient

from gateway.description import docs, swagger_ui

PAGES = ("/docs", "/problems", "/problems/token_missing")
#: The least contrast of text that WCAG 2.2 asks for (1.4.3).
CONTRAST = 4.5


class Elements(HTMLParser):
    """The elements of a page: tag and attributes of each."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_bare_address_leads_to_the_documentation(pages: FlaskClient) -> None:
    answer = pages.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/docs")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_names_its_language_title_and_parts(pages: FlaskClient, path: str) -> None:
    """What axe calls serious and can be seen without a browser: the language, the title, labels, headers of tables."""
    page = Elements(pages.get(path).get_data(as_text=True))
    assert [one.get("lang") for one in page.all("html")] == ["zh-CN"]
    for tag in ("title", "h1", "header", "nav"):
        assert len(page.all(tag)) == 1, tag
    # Swagger UI brings a main part of its own
    assert len(page.all("main")) == (0 if path == "/docs" else 1)
    assert all("user-scalable" not in str(one.get("content")) for one in page.all("meta"))
    assert [one for one in page.all("th") if "scope" not in one] == []
    ids = [attributes["id"] for _, attributes in page.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert page.all("img") == page.all("input") == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_nothing_from_outside_and_runs_no_script_of_its_own(pages: FlaskClient, path: str) -> None:
    answer = pages.get(path)
    text = answer.get_data(as_text=True)
    assert re.findall(r"https?://", text) == []
    assert re.findall(r"<script(?! src=)|\son\w+=", text) == []
    for asset in re.findall(r'<(?:script|link)[^>]+(?:src|href)="(/[^"]+)"', text):
        assert pages.get(asset).status_code == 200, asset
    allowed = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert (allowed["default-src"], allowed["script-src"], allowed["connect-src"]) == ("'none'", "'self'", "'self'")


@pytest.mark.parametrize(
    "path", [*PAGES, "/openapi.json", *(f"/docs/{name}" for name in (*swagger_ui.SHA256, *docs.ASSETS))]
)
def test_what_is_read_travels_compressed_and_once(pages: FlaskClient, path: str) -> None:
    plain = pages.get(path)
    packed = pages.get(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip" and len(packed.data) < len(plain.data)
    assert gzip.decompress(packed.data) == plain.data
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert pages.get(path, headers={"If-None-Match": plain.headers["ETag"]}).status_code == 304


def test_swagger_ui_is_as_its_makers_built_it(pages: FlaskClient) -> None:
    """A version that reads OpenAPI 3.1 as it stands; nothing rewrites the description for it."""
    assert 'url: "/openapi.json"' in pages.get("/docs/start.js").get_data(as_text=True)
    for name, sha256 in swagger_ui.SHA256.items():
        assert hashlib.sha256(pages.get(f"/docs/{name}").data).hexdigest() == sha256


def test_swagger_ui_has_chinese_labels(pages: FlaskClient) -> None:
    """Its own words are in the file that is served, so that a newer version that words them otherwise is noticed."""
    labels = dict(re.findall(r'"([^"]+)": "([^"]+)"', pages.get("/docs/labels.js").get_data(as_text=True)))
    bundle = swagger_ui.content("swagger-ui-bundle.js").decode()
    needed = (
        "Authorize",
        "Try it out",
        "Execute",
        "Cancel",
        "Parameters",
        "Responses",
        "Request body",
        "Schemas",
        "Close",
    )
    assert [one for one in needed if not re.search(r"[\u4e00-\u9fff]", labels.get(one, ""))] == []
    assert [one for one in needed if one not in bundle] == []


@pytest.mark.parametrize("name", ["page.css", "contrast.css"])
def test_colours_can_be_told_from_what_is_behind_them(pages: FlaskClient, name: str) -> None:
    """Text on the background of its own rule; on white, or on the palest tint of an operation, where it names none."""
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", pages.get(f"/docs/{name}").get_data(as_text=True))
    checked = 0
    for selector, body in rules:
        values = dict(re.findall(r"(?<![-\w])(color|background): (#[0-9a-f]{6})\b", body))
        if values:
            behind = [values["background"]] if "background" in values else ["#ffffff", "#ebf3fb"]
            text = values.get("color", "#ffffff")
            assert min(contrast(text, one) for one in behind) >= CONTRAST, selector
            checked += 1
    assert checked >= 3
