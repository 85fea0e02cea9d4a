"""People register for an activity with fewer seats than takers, and some give theirs back.

Lives here: the flow and its counter, side by side, as a further service brings them. Both are named in ``run`` FLOWS and
``counting`` COUNTERS.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from examples.client import ApiError, Client
from tests.resilience.chaos.acknowledged import Patience
from tests.resilience.chaos.count import Count
from tests.resilience.chaos.traffic import Clerk

SEATS = 40
CANCELLED = 0.3


def prepare(client: Client, organiser_id: str) -> str:
    """An activity that takes registrations; returns its id."""
    patience = Patience()

    def post(path: str, body: Any = None) -> Any:
        key = uuid.uuid4().hex
        return patience.ask(lambda: client.post(path, body, key=key))

    starts_at = dt.datetime.now(dt.UTC) + dt.timedelta(days=10)
    ends_at = starts_at + dt.timedelta(hours=2)
    session = {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat(), "capacity": SEATS}
    title = {"zh-CN": "公益讲座", "en": "Public lecture"}
    draft = {"kind_key": "lecture", "title": title, "organiser_id": organiser_id, "sessions": [session]}
    activity = str(post("/v1/activities", draft)["id"])
    for move in ("publish", "open"):
        post(f"/v1/activities/{activity}/{move}")
    return activity


def register_for_activity(clerk: Clerk) -> None:
    """Register somebody; now and then give a registration back."""
    if not clerk.town.enrolled:
        return
    chosen = clerk.choose.choice(list(clerk.town.enrolled)[-500:])
    person_id = clerk.ask(lambda client: client.get(f"/v1/affiliations/{chosen}"))["person_id"]
    path = f"/v1/activities/{clerk.town.activity}/registrations"
    try:
        registered = clerk.post(path, {"person_id": person_id})["id"]
    except ApiError as error:
        if error.problem["code"] == "events.already_registered":
            return
        raise
    clerk.acknowledged.registrations.add(registered)
    if clerk.choose.random() < CANCELLED:
        clerk.post(f"/v1/registrations/{registered}/cancel", None)
        clerk.acknowledged.cancelled.add(registered)


def count_registrations(count: Count) -> None:
    """In events: each acknowledged registration is there once and cancelled where that was acknowledged, no one has two,
    every seat is taken and none twice, and each step has one event. Its copy of affiliations is talent's.
    """
    acknowledged = count.acknowledged
    found = count.rows("events", "select id::text, person_id::text, state, session_id from registrations")
    count.compare("registration", dict.fromkeys(acknowledged.registrations, 1), {row.id: 1 for row in found})
    for row in found:
        if (row.state == "cancelled") != (row.id in acknowledged.cancelled):
            count.lost.append(
                f"registration {row.id}: is {row.state}, cancelling acknowledged: {row.id in acknowledged.cancelled}"
            )
    live = [row for row in found if row.state != "cancelled"]
    taken = sum(row.state == "confirmed" for row in live)
    count.compare("seats taken", {"in all": min(SEATS, len(live))}, {"in all": taken})
    noted = {"in all": count.rows("events", "select coalesce(sum(seats_taken), 0) from sessions")[0][0]}
    count.compare("seats noted", {"in all": taken}, noted)
    steps, events = count.steps("events", "registration"), count.events("events", "events.registration.%")
    count.compare("events of registration", steps, events)
    query = "select id::text || ' ' || version as id, 1 as times from affiliations"
    count.compare("events' copy of affiliation", count.times("talent", query), count.times("events", query))
