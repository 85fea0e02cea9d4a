"""Swagger UI as its makers built it, from the package ``flask-swagger-ui``: the two files of it that ``/docs`` loads.

A newer one: ``make lock``, and the hashes of the two files here; a test compares.
"""

from __future__ import annotations

import functools
from importlib import resources

import flask_swagger_ui

SHA256 = {
    "swagger-ui-bundle.js": "3f6abf70480db7e07914df4c98a77385f22ea585eaf457a3e6415ba0eae2d167",
    "swagger-ui.css": "c3cfe8248c4b0b89673600fb829924eafbac6de4bc4b2b06f5f5243483074d0a",
}


@functools.cache
def content(name: str) -> bytes:
    """One of the files of SHA256."""
    return (resources.files(flask_swagger_ui) / "dist" / name).read_bytes()
