"""What a figure is: who counts it, its unit, its names, and its clause of the report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FigureEntry:
    """One figure: the service that counts it, its unit as the report prints it, and its clause of the report."""

    service: str
    unit: str
    zh: str
    en: str
    source: str
