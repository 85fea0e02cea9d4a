"""Schemes."""

from __future__ import annotations

from flask_smorest import Blueprint

from contracts.perks import schemes as S
from gateway.http import records

blueprint = Blueprint("schemes", __name__, description="政策 / Schemes")
READ, GOVERN = "schemes:read", "schemes:govern"

records.put(
    blueprint,
    "/v1/schemes/<slug:key>",
    GOVERN,
    ("发布政策", "Publish a scheme"),
    "perks.put_scheme",
    S.PutScheme,
    S.Scheme,
    read_by="perks.get_scheme",
)
records.get(
    blueprint,
    "/v1/schemes/<slug:key>",
    READ,
    ("读取政策", "Read a scheme"),
    "perks.get_scheme",
    S.GetScheme,
    S.Scheme,
)
records.list_all(
    blueprint,
    "/v1/schemes",
    READ,
    ("列出政策", "List the schemes"),
    "perks.list_schemes",
    S.Schemes,
)
