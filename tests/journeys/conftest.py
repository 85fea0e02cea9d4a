"""What the journeys share: each makes its own town, with organisations, sets and scheme, on one platform."""

from tests.support.towns import town

__all__ = ["town"]
