"""In-app inbox (站内信): the message itself, read with ``GET /v1/messages``. Its row is its delivery; no provider is called."""

from __future__ import annotations

NAME = "in_app"
