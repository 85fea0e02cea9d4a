"""The scans of an activity are listed for its department, the refused ones too, and for nobody else."""

from __future__ import annotations

import pytest

from contracts.events import checkins as schemas
from contracts.language.paging import Paging
from services.events import activities
from services.events.checkins import reading
from tests.events.conftest import DAY, NOW, OTHERS, Town, session


class TestListCheckIns:
    def test_are_every_scan_once_in_either_order(self, town: Town) -> None:
        registration = town.register(town.open(session(2)), town.person())
        token = town.ticket(registration)
        scans = [town.scan(token, nonce)["id"] for nonce in ("n1", "n2", "n1")]
        wanted = {"activity_id": registration["activity_id"]}
        with town.work(now=NOW + DAY) as work:
            found = reading.list_checkins(work, page=Paging(count="exact"), **wanted)
            newest = reading.list_checkins(work, page=Paging(limit=1, order="desc"), **wanted)
            refused = reading.list_checkins(work, page=Paging(), outcome="refused", **wanted)
        assert [one["id"] for one in found["items"]] == sorted(scans[:2])
        assert found["count"] == {"value": 2, "kind": "exact"}
        assert [one["id"] for one in newest["items"]] == [max(scans)]
        assert [one["code"] for one in refused["items"]] == ["events.checked_in_before"]
        shown = schemas.CheckInRecordPage().dump(found)["items"]
        assert all("replayed" not in one and one["holder"] == "张*" for one in shown)

    def test_of_anothers_activity_are_not_found(self, town: Town) -> None:
        activity = town.open(session(2))
        with town.work(caller=OTHERS) as work, pytest.raises(activities.ActivityNotFound):
            reading.list_checkins(work, activity_id=activity["id"], page=Paging())
