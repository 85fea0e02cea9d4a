"""What one department may do with the records of another: every guarded route is owned, in reach or shared, and named here.

A new route without a line fails. Shared is what the city keeps once for everybody who holds the scope; whoever changed it
is in its history.
"""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path
from typing import Any

import pytest

import gateway.app  # noqa: F401  fills the table of operations
from deploy.local.throwaway import ThrowawayPlatform, eventually
from examples.city import credit_code
from examples.client import ApiError, Client
from gateway.auth.scopes import TYPES
from gateway.http.operations import OPERATIONS
from tests.support.api import Api, assert_problem

#: Operation → the refusal a department gets that the record does not belong to.
OWNED = {
    "change_organisation": (403, "talent.not_your_organisation"),
    # outside its reach a person, and what the person is to an organisation, does not exist
    "get_person": (404, "talent.person_not_found"),
    "change_person": (404, "talent.person_not_found"),
    "get_affiliation": (404, "talent.affiliation_not_found"),
    "confirm_affiliation": (404, "talent.affiliation_not_found"),
    "end_affiliation": (404, "talent.affiliation_not_found"),
    "get_import": (404, "talent.import_not_found"),
    "list_import_rows": (404, "talent.import_not_found"),
    "read_import_workbook": (404, "talent.import_not_found"),
    "change_activity": (403, "events.not_your_activity"),
    "publish_activity": (403, "events.not_your_activity"),
    "open_activity": (403, "events.not_your_activity"),
    "close_activity": (403, "events.not_your_activity"),
    "hold_activity": (403, "events.not_your_activity"),
    "report_activity": (403, "events.not_your_activity"),
    "cancel_activity": (403, "events.not_your_activity"),
    "list_audit": (403, "scope_missing"),  # no department's
    "list_disclosures": (404, "talent.person_not_found"),  # the person's own
    "list_registrations_of_activity": (404, "events.activity_not_found"),
    "get_registration": (404, "events.registration_not_found"),
    "cancel_registration": (404, "events.registration_not_found"),
    "accept_offer": (404, "events.registration_not_found"),
    "refuse_offer": (404, "events.registration_not_found"),
    "get_ticket": (404, "events.registration_not_found"),
    "redeem_pass": (403, "perks.not_your_place"),
    # a person's own, by a channel that acts for them; the owner's department gets the same
    "put_preferences": (404, "notify.person_not_found"),
    "get_preferences": (404, "notify.person_not_found"),
}
#: What is there for callers that reach the person (tests/journeys/test_reach.py), and scans at doors that are not theirs.
IN_REACH = {
    *("register", "list_registrations", "list_entitlements", "get_entitlement", "get_pass"),
    *("list_redemptions", "get_redemption", "check_in", "list_messages", "read_message"),
}
#: Lists and beginnings: a department sees, or makes, its own.
OF_ITS_OWN = {
    *("list_imports", "start_import", "create_activity", "register_organisation"),
    *("list_people", "list_affiliations"),  # within its reach
}
#: What the city keeps once: the scope is the whole permission, and whoever changed it is in its history.
SHARED = {
    # one organisation and one person are one record, however many departments report them (architecture, "Data"): each has to
    # find what is there; of people only what is masked
    *("list_organisations", "get_organisation", "register_person"),
    # anybody may report; whether it is taken at once is the organisation's trust, tested where it counts (confirm, end)
    "report_affiliation",
    # which universities are resident, and what is granted to whom, are decisions of the city office: the scope is the permission
    *(
        "confirm_organisation",
        "put_organisation_set",
        "get_organisation_set",
        "put_scheme",
        "get_scheme",
        "list_schemes",
    ),
    # for named offices
    *("list_duplicate_people", "dismiss_duplicate_person"),
    # so are the kinds activities are counted by; an activity is its department's (OWNED), and everybody's to attend
    *(
        "put_activity_kind",
        "get_activity_kind",
        "list_activity_kinds",
        "list_activities",
        "get_activity",
        "list_sessions",
    ),
    # the kinds of files there are, and the workbook to fill, are the same for every department
    *("list_import_kinds", "read_import_template"),
    # the figures are the city's report
    "list_figures",
    # texts are governed by an office; deliveries are the operators'
    *("put_template", "get_template", "list_templates"),
    *("list_deliveries", "get_delivery", "resend_delivery"),
}
ROUTES = {operation.name: operation for operation in OPERATIONS if operation.scope}
BODIES: dict[str, dict[str, Any]] = {
    "change_organisation": {"status": "closed"},
    "change_activity": {"title": {"zh-CN": "改", "en": "x"}},
    "cancel_activity": {"reason": "no"},
    "report_activity": {"attendance_stated": 1},
    "put_preferences": {"quiet_hours": None},
}


class Owned:
    """Records of one department, and another department that looks at them."""

    def __init__(self, platform: ThrowawayPlatform, folder: Path) -> None:
        mark = uuid.uuid4().hex[:8]
        self.owner, other = (
            platform.client(f"owner-{mark}", f"owner_{mark}"),
            platform.client(f"other-{mark}", f"other_{mark}", *sorted(TYPES["channel"])),
        )
        operator = platform.client(f"ops-{mark}", f"other_{mark}", type="operator")
        self.other = Api(platform.url, other, operator=operator)
        self.organisation = self.owner.post(
            "/v1/organisations",
            {"kind": "university", "name": f"归属大学{mark}", "uscc": credit_code("12", int(mark, 16) % 10**7)},
        )
        person = self.owner.post(
            "/v1/people", {"name": "归属人", "id_type": "passport", "id_number": f"E{mark.upper()}"}
        )
        self.ids = {
            "organisation_id": self.organisation["id"],
            "person_id": person["id"],
            "affiliation_id": self._affiliation(person["id"]),
            "import_id": self._import(folder),
            "activity_id": self._activity(),
        }
        self.ids["registration_id"] = self._registration()

    def _affiliation(self, person_id: str) -> str:
        claim = {
            "person_id": person_id,
            "organisation_id": self.organisation["id"],
            "role": "student",
            "from_on": "2024-09-01",
        }
        return str(self.owner.post("/v1/affiliations", claim)["id"])

    def _import(self, folder: Path) -> str:
        path = folder / "roster.csv"
        path.write_text("姓名,证件类型,证件号码,学校,身份,入学日期\n", encoding="utf-8")
        return str(self.owner.upload("/v1/imports", path, kind="roster", mode="dry_run")["id"])

    def _activity(self) -> str:
        starts_at = dt.datetime.now(dt.UTC) + dt.timedelta(days=3)
        session = {
            "starts_at": starts_at.isoformat(),
            "ends_at": (starts_at + dt.timedelta(hours=1)).isoformat(),
            "capacity": 3,
        }
        body = {
            "kind": "lecture",
            "title": {"zh-CN": "讲座", "en": "Lecture"},
            "organiser_id": self.organisation["id"],
            "sessions": [session],
        }
        return str(eventually(lambda: _created(self.owner, body), what="the organisation in events")["id"])

    def _registration(self) -> str:
        path = f"/v1/activities/{self.ids['activity_id']}"
        for move in ("publish", "open"):
            self.owner.post(f"{path}/{move}", {})
        body = {"person_id": self.ids["person_id"]}
        made = eventually(lambda: _created(self.owner, body, f"{path}/registrations"), what="the person in events")
        return str(made["id"])

    def path_of(self, name: str) -> str:
        path = ROUTES[name].path
        for field, value in self.ids.items():
            path = path.replace(f"<uuid:{field}>", value)
        assert "<" not in path, name
        return path


def _created(client: Client, body: dict[str, Any], path: str = "/v1/activities") -> dict[str, Any] | None:
    try:
        return dict(client.post(path, body))
    except ApiError as error:
        if error.problem["code"] != "not_yet_known":
            raise
        return None


@pytest.fixture(scope="module")
def owned(site: ThrowawayPlatform, tmp_path_factory: pytest.TempPathFactory) -> Owned:
    return Owned(site, tmp_path_factory.mktemp("owned"))


def test_every_route_is_owned_or_shared() -> None:
    kinds = (OWNED.keys(), OF_ITS_OWN, IN_REACH, SHARED)
    assert set().union(*kinds) == ROUTES.keys()
    assert sum(map(len, kinds)) == len(ROUTES)


@pytest.mark.parametrize("name", OWNED)
def test_another_department_is_refused_what_is_owned(owned: Owned, name: str) -> None:
    method = ROUTES[name].method
    body = BODIES.get(name, {}) if method != "GET" else None
    if name == "redeem_pass":
        body = {"pass": "any", "place_id": owned.organisation["id"], "nonce": "n"}
    headers = {"If_Match": "*"} if method == "PATCH" else {}
    assert_problem(owned.other.send(method, owned.path_of(name), body, **headers), *OWNED[name])


@pytest.mark.parametrize("name", ["get_organisation", "get_activity"])
def test_another_department_reads_what_is_shared(owned: Owned, name: str) -> None:
    assert owned.other.send("GET", owned.path_of(name)).status == 200


def test_a_department_lists_its_own_imports(owned: Owned) -> None:
    assert owned.other.send("GET", "/v1/imports").json["items"] == []
    assert [one["id"] for one in owned.owner.get("/v1/imports")["items"]] == [owned.ids["import_id"]]
