"""What one department may do with the records of another: every guarded route is either owned or shared, and named here.

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
    # done for a person, who registers in an app and cancels at a desk: whoever serves people holds registrations:write
    *("register", "get_registration", "cancel_registration", "accept_offer", "refuse_offer", "get_ticket"),
    *("list_registrations_of_activity", "list_registrations"),
    # an entitlement is the person's: any service counter, app or gate may show or use it; the law allows it or does not
    *("list_entitlements", "get_entitlement", "get_pass", "redeem_pass", "check_in"),
    # evidence of the figures, by ids and masked names; the figures themselves are the city's report
    *("list_redemptions", "get_redemption", "list_figures"),
    # a person has one inbox and one set of wishes, whichever department's fact a message tells of; so have texts and deliveries
    *("put_template", "get_template", "list_templates", "put_preferences", "get_preferences"),
    *("list_messages", "read_message", "list_deliveries", "get_delivery", "resend_delivery"),
}
ROUTES = {operation.name: operation for operation in OPERATIONS if operation.scope}
BODIES: dict[str, dict[str, Any]] = {
    "change_organisation": {"status": "closed"},
    "change_activity": {"title": {"zh-CN": "改", "en": "x"}},
    "cancel_activity": {"reason": "no"},
    "report_activity": {"attendance_stated": 1},
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

    def path_of(self, name: str) -> str:
        path = ROUTES[name].path
        for field, value in self.ids.items():
            path = path.replace(f"<uuid:{field}>", value)
        assert "<" not in path, name
        return path


def _created(client: Client, body: dict[str, Any]) -> dict[str, Any] | None:
    try:
        return dict(client.post("/v1/activities", body))
    except ApiError as error:
        if error.problem["code"] != "not_yet_known":
            raise
        return None


@pytest.fixture(scope="module")
def owned(site: ThrowawayPlatform, tmp_path_factory: pytest.TempPathFactory) -> Owned:
    return Owned(site, tmp_path_factory.mktemp("owned"))


def test_every_route_is_owned_or_shared() -> None:
    assert OWNED.keys() | OF_ITS_OWN | SHARED == ROUTES.keys()
    assert not OWNED.keys() & SHARED
    assert not OF_ITS_OWN & (OWNED.keys() | SHARED)


@pytest.mark.parametrize("name", OWNED)
def test_another_department_is_refused_what_is_owned(owned: Owned, name: str) -> None:
    method = ROUTES[name].method
    body = BODIES.get(name, {}) if method != "GET" else None
    headers = {"If_Match": "*"} if method == "PATCH" else {}
    assert_problem(owned.other.send(method, owned.path_of(name), body, **headers), *OWNED[name])


@pytest.mark.parametrize("name", ["get_organisation", "get_activity"])
def test_another_department_reads_what_is_shared(owned: Owned, name: str) -> None:
    assert owned.other.send("GET", owned.path_of(name)).status == 200


def test_a_department_lists_its_own_imports(owned: Owned) -> None:
    assert owned.other.send("GET", "/v1/imports").json["items"] == []
    assert [one["id"] for one in owned.owner.get("/v1/imports")["items"]] == [owned.ids["import_id"]]
