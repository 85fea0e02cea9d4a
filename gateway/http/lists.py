"""Lists: filters and a signed cursor in, ``{"items", "next_cursor"}`` and a ``Link`` header out (RFC 8288)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, request
from marshmallow import Schema, fields, validate

from contracts.language.schema import Page
from contracts.language.schema import Schema as Base
from gateway.calls import backend, reach
from gateway.http import reading
from gateway.http.cursors import Cursors
from gateway.http.operations import respond

#: Header fields of a page.
HEADERS = {200: ("Link",)}


def query_schema(command: type[Page], *without: str) -> Schema:
    """The query parameters of a list: the fields of the service's list command less those from the path, and ``cursor``."""
    left_out = {"after", *without}
    declared = {name: field for name, field in command._declared_fields.items() if name not in left_out}
    declared["cursor"] = fields.String(validate=validate.Length(max=1_024))
    return Base.from_dict(declared, name=f"{command.__name__}Query")()


@functools.cache
def page_schema(page: type[Schema]) -> Schema:
    """The answer of a list whose service answers `page`."""
    declared = {
        "items": page._declared_fields["items"],
        "next_cursor": fields.String(required=True, allow_none=True),
        **({"count": page._declared_fields["count"]} if "count" in page._declared_fields else {}),
    }
    return Base.from_dict(declared, name=page.__name__)()


def page(
    call: str, query: Schema, *, parent: str | None = None, about: reach.ListOf | None = None, **fixed: Any
) -> Response:
    """One page of a service's list; `fixed` are fields that come from the path, `about` says whose it is. `parent` reads the
    record they name: queried where the page is empty, so that the list of an unknown one is a 404 and the others cost no second
    call.
    """

    def read(sent: dict[str, Any]) -> Any:
        answer = reach.query(call, sent, about.field) if about is not None else backend.query(call, sent)
        if parent is not None and not answer["items"]:
            backend.query(parent, fixed)
        return answer

    return page_of(call.partition(".")[2], query, read, about=about, **fixed)


def page_of(
    name: str, query: Schema, read: Callable[[dict[str, Any]], Any], *, about: reach.ListOf | None = None, **fixed: Any
) -> Response:
    """One page of the list `name`, as `read` answers the fields of its query: ``{"items", "next_after"}``."""
    parameters = reading.query_of(query)
    if about is not None:
        parameters = reach.narrowed(about, parameters, fixed)
    found = read_page(name, parameters, read, **fixed)
    response = respond(found)
    if found["next_cursor"] is not None:
        again = {**parameters, "cursor": found["next_cursor"]}
        response.headers["Link"] = f'<{request.path}?{urlencode(again)}>; rel="next"'
    return response


def read_page(
    name: str, parameters: Mapping[str, Any], read: Callable[[dict[str, Any]], Any], **fixed: Any
) -> dict[str, Any]:
    """A page as it is answered. A cursor goes on with the same filters and order; its size, and whether all are counted, may
    differ from page to page.
    """
    cursors: Cursors = current_app.extensions["cursors"]
    sent: dict[str, Any] = {**parameters, **fixed}
    cursor = sent.pop("cursor", None)
    filters = {field: str(value) for field, value in sent.items() if field not in ("limit", "count")}
    if cursor is not None:
        sent["after"] = cursors.open(cursor, operation=name, filters=filters)
    answer = read(sent)
    next_cursor = None
    if answer["next_after"] is not None:
        next_cursor = cursors.seal(answer["next_after"], operation=name, filters=filters)
    counted = {"count": answer["count"]} if "count" in answer else {}
    return {"items": answer["items"], "next_cursor": next_cursor, **counted}
