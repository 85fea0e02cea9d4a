"""Swagger UI as its makers built it: the two files of ``swagger-ui-dist`` the page at ``/docs`` loads, compressed with gzip.

A newer one: ``npm pack swagger-ui-dist@<version>``, unpack it, ``gzip -9n`` both files into this folder, the licences beside
them, and VERSION and SHA256 (of what is in them) changed here; a test compares.
"""

from __future__ import annotations

import functools
import gzip
from pathlib import Path

VERSION = "5.35.0"
SHA256 = {
    "swagger-ui-bundle.js": "e6a898692f2d768e807c3ba4626068a69a2c5dd960dd6c76f3e4d3a3de180af2",
    "swagger-ui.css": "5ed08757e53da3e026d6cbecc61fe5d43585c9560b302d534ad56692519a273d",
}


@functools.cache
def compressed(name: str) -> bytes:
    """One of the files of SHA256, in the format of gzip."""
    return (Path(__file__).parent / f"{name}.gz").read_bytes()


@functools.cache
def plain(name: str) -> bytes:
    """The same for whoever takes no gzip; kept, as unpacking it costs more than all the rest of a request."""
    return gzip.decompress(compressed(name))
