"""Who was shown whose data: every operation leaves its row, auditors read all of them, a person those about themselves."""

from __future__ import annotations

import base64
import datetime as dt
import json
import uuid
from typing import Any

import pytest

from chassis.store.database import make_engine
from deploy.local.throwaway import ThrowawayPlatform, eventually
from examples.client import ApiError, Client
from gateway.auth import subjects
from tests.architecture.test_audit import declared
from tests.journeys import guide
from tests.journeys.test_job_fair import Fair
from tests.journeys.test_messages import await_state, inbox
from tests.support.api import Api
from tests.support.towns import Town

NOBODY = "01890000-0000-7000-8000-000000000000"


class Day:
    """A day of a town on which everything is done once that shows or changes somebody's data."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.university, self.area = town.organisation("university"), town.organisation("scenic_area")
        town.put_set(town.universities_key, [self.university])
        town.put_set(town.areas_key, [self.area])
        town.publish_scheme()
        self.person = town.student(self.university, email="refused@example.com")
        self.people = [self.person]

    def at_the_counter(self) -> None:
        get, about = self.town.client.get, {"person_id": self.person}
        shown = get(f"/v1/people/{self.person}")
        self.town.client.patch(f"/v1/people/{self.person}", {"phone": None}, if_match=f'"v{shown["version"]}"')
        get("/v1/people", limit=200)
        (affiliation,) = get("/v1/affiliations", **about)["items"]
        get(f"/v1/affiliations/{affiliation['id']}")
        post = self.town.affiliate(self.person, self.university, role="staff", state="reported")
        for move in ("confirm", "end"):
            self.town.client.post(f"/v1/affiliations/{post['id']}/{move}", {})

    def at_the_gate(self) -> None:
        entitlement = self.town.await_entitlement(self.person)
        self.town.client.get(f"/v1/entitlements/{entitlement['id']}")
        scan = {"pass": self.town.pass_of(entitlement), "place_id": self.area["id"], "nonce": "n"}
        scanned = self.town.client.post("/v1/redemptions", scan)
        self.town.client.get(f"/v1/redemptions/{scanned['id']}")
        self.town.client.get("/v1/redemptions", entitlement_id=entitlement["id"])

    def at_the_fair(self) -> None:
        """One seat: given up and offered on, refused, offered on, accepted."""
        fair = Fair(self.town, capacity=1, promotion="offer")
        self.people += [fair.student(number) for number in (1, 2)]
        first, second, third = (fair.register(person) for person in self.people)
        for registration, move in ((first, "cancel"), (second, "refuse"), (third, "accept")):
            self.town.client.post(f"/v1/registrations/{registration['id']}/{move}", {})
        fair.get(third)
        self.town.client.get("/v1/registrations", person_id=self.person)
        checkin = fair.scan(fair.ticket(third), "in")
        self.town.client.get(f"{fair.path}/checkins")
        self.town.client.post(f"/v1/checkins/{checkin['id']}/revoke", {"reason": "scanned by mistake"})

    def at_home(self) -> None:
        path, themselves = f"/v1/people/{self.person}/preferences", self.town.app.for_person(self.person)
        themselves.get(path)
        themselves.get(f"/v1/people/{self.person}/export")
        wanted = {"language": None, "programmes": {}, "quiet_hours": None}
        themselves.put(path, wanted, if_none_match="*")
        (message, *_) = eventually(lambda: inbox(self.town, self.person), what="a message")
        themselves.post(f"/v1/messages/{message['id']}/read", {})
        failed = await_state(self.town, self.person, "failed")
        self.town.operator.get(f"/v1/deliveries/{failed['id']}")
        self.town.operator.post(f"/v1/deliveries/{failed['id']}/resend")

    def at_the_office(self) -> None:
        """One document under two names, from a department that does not reach the person."""
        about = {"id_type": "passport", "id_number": f"E{uuid.uuid4().hex[:8].upper()}"}
        self.people.append(self.town.client.post("/v1/people", {**about, "name": "欧阳小小"})["id"])
        self.town.client.post("/v1/people/search", about)
        stranger = self.town.platform.client(f"stranger{self.town.number}", self.town.department + "x", "people:write")
        provisional = stranger.post("/v1/people", {**about, "name": "司马光"})["id"]
        office = self.town.platform.client(f"office{self.town.number}", self.town.department, "people:all")
        office.get("/v1/duplicate-people", state="open", limit=200)
        for move in ("merge", "dismiss"):
            office.post(f"/v1/duplicate-people/{provisional}/{move}", {})
        self.town.client.post(f"/v1/people/{self.person}/disclosures", {"purpose": "a letter by post"})
        forgotten = self.town.client.post(
            "/v1/people", {**about, "id_number": f"{about['id_number']}9", "name": "欧阳修"}
        )
        self.people.append(forgotten["id"])
        office.post(f"/v1/people/{forgotten['id']}/erase", {"reason": "at the wish of the person"})

    def with_facts(self) -> None:
        key, names = f"insured_{self.town.number}", {"name": {"zh-CN": "参保", "en": "Insured"}}
        kind = {"programme": "insurance", "confirmed_by": [self.town.department], "fields": [], **names}
        self.town.client.put(f"/v1/fact-kinds/{key}", kind, if_none_match="*")
        fact = {"person_id": self.person, "kind_key": key, "from_on": "2024-01-01"}
        made = self.town.client.post("/v1/facts", fact)
        self.town.client.get(f"/v1/facts/{made['id']}")
        self.town.client.get("/v1/facts", person_id=self.person)
        self.town.client.post(f"/v1/facts/{made['id']}/end", {})

    def at_the_registers(self) -> None:
        """Two entries that the person takes part in, one of them marked as the other."""
        key, names = f"engagements_{self.town.number}", {"name": {"zh-CN": "引才", "en": "Engagements"}}
        kind = {"programme": "engagements", "natural_key": ["title"], "reporters": [self.town.department], **names}
        kind |= {"states": [{"key": "agreed", **names}], "parties": [{"role": "talent", "of": ["person"], **names}]}
        self.town.client.put(f"/v1/register-kinds/{key}", kind, if_none_match="*")
        entry = {"kind_key": key, "agreed_on": "2024-09-01", "parties": [{"role": "talent", "person_id": self.person}]}
        first, second = (
            self.town.client.post("/v1/register-entries", {**entry, "title": one})["id"] for one in ("A", "B")
        )
        path = f"/v1/register-entries/{second}"
        self.town.client.post(f"{path}/same-as", {"same_as": first})
        self.town.client.post(f"{path}/same-as/undo", {})
        for shown in (path, f"{path}/reports", "/v1/register-entries"):
            self.town.client.get(shown)

    def with_a_roster(self) -> None:
        path, _ = self.town.roster(self.university, 3)
        imported = self.town.upload(path)
        self.people.append(self.town.person_of(imported["id"]))
        self.town.client.send("GET", f"/v1/imports/{imported['id']}/workbook")


@pytest.fixture(scope="module")
def auditor(platform: ThrowawayPlatform, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """Registered by the guide's command."""
    printed = guide.run("docs/operating.md", "auditor", platform, tmp_path_factory.mktemp("auditor"))
    made = dict(line.split(maxsplit=1) for line in printed.splitlines())
    return Client(platform.url, made["client_id"], made["client_secret"])


def acting_for(platform: ThrowawayPlatform, app: Client, person: str) -> Api:
    """A channel with the person's own token."""
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": person,
        "subject_token_type": subjects.PERSON,
    }
    body = "&".join(f"{name}={value}" for name, value in form.items())
    headers = {"Authorization": f"Basic {app._credentials}", "Content_Type": "application/x-www-form-urlencoded"}
    answer = Api(platform.url, app).send("POST", "/oauth/token", body, token="", **headers)
    app._token, app._token_until = answer.json["access_token"], float("inf")
    return Api(platform.url, app)


def entries(auditor: Client, **wanted: Any) -> list[dict[str, Any]]:
    """All pages of what the audit has."""
    found, cursor = [], None
    while True:
        page = auditor.get("/v1/audit", cursor=cursor, **wanted)
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def test_every_operation_that_shows_or_changes_a_persons_data_leaves_its_row(town: Town, auditor: Client) -> None:
    day = Day(town)
    for part in (
        day.at_the_counter,
        day.at_the_gate,
        day.at_the_fair,
        day.at_home,
        day.at_the_office,
        day.with_a_roster,
        day.at_the_registers,
        day.with_facts,
    ):
        part()
    found = [entry for person in day.people for entry in entries(auditor, person_id=person)]
    personal = {(service, name) for service, name, one in declared() if one.personal is not None}
    seen = {(entry["service"], entry["operation"]) for entry in found}
    assert personal | {("talent", "import")} <= seen
    assert {entry["department"] for entry in found if entry["operation"] != "audit_read"} == {
        town.department,
        "youth_app",
        "platform",
    }
    (contacts, *_) = [entry for entry in found if entry["operation"] == "read_contacts"]
    assert (contacts["client_id"], contacts["purpose"]) == ("notify", "deliver messages by email")
    (shown,) = [entry for entry in found if entry["operation"] == "disclose_person"]
    assert (shown["client_id"][:4], shown["purpose"]) == ("town", "a letter by post")
    for_an_office = {entry["purpose"] for entry in found if entry["client_id"].startswith("office")}
    assert for_an_office == {"a test of named offices"}
    for_a_pass = {entry["operation"] for entry in found if entry["purpose"] == "get_pass"}
    assert for_a_pass == {"get_entitlement", "get_person", "issue_pass"}


def test_an_auditor_pages_through_all_services_newest_first(town: Town, auditor: Client) -> None:
    day = Day(town)
    day.at_the_gate()
    wanted = {"department": town.department}
    paged, whole = entries(auditor, limit=3, **wanted), entries(auditor, **wanted)
    assert [one["id"] for one in paged] == [one["id"] for one in whole]
    keys = [(dt.datetime.fromisoformat(one["at"]), one["id"]) for one in whole]
    assert keys == sorted(set(keys), reverse=True)
    assert {one["service"] for one in whole} == {"talent", "perks", "gateway"}
    cut = whole[len(whole) // 2]["at"]
    later = entries(auditor, **{"from": cut}, **wanted)
    assert later == [one for one in whole if dt.datetime.fromisoformat(one["at"]) >= dt.datetime.fromisoformat(cut)]
    assert entries(auditor, until=cut, **wanted) == whole[len(later) :]
    read = [one for one in entries(auditor, service="gateway") if one["operation"] == "audit_read"]
    assert {"department": town.department, "limit": "3"} in [one["detail"]["asked"] for one in read]


def test_the_audit_is_for_auditors_alone(town: Town) -> None:
    with pytest.raises(ApiError) as refused:
        town.client.get("/v1/audit")
    assert (refused.value.status, refused.value.problem["code"]) == (403, "scope_missing")


def test_a_person_sees_who_has_looked_and_nobody_else_does(town: Town) -> None:
    person = town.student(town.organisation("university"))
    town.client.get(f"/v1/people/{person}")
    app = town.platform.client(f"app{town.number}", "youth_league", "people:read", type="channel")
    own = acting_for(town.platform, app, person)
    path = f"/v1/people/{person}/disclosures"
    items = own.send("GET", path).json["items"]
    assert {one["operation"] for one in items} == {"register_person", "report_affiliation", "get_person"}
    assert {(one["department"], one["by_oneself"]) for one in items} == {(town.department, False)}
    own.send("GET", f"/v1/people/{person}")
    newest = own.send("GET", path).json["items"][0]
    assert (newest["operation"], newest["by_oneself"], newest["service"]) == ("get_person", True, "talent")
    assert "person_ids" not in newest and "request_id" not in newest

    stranger, unknown = Api(own.url, town.client), f"/v1/people/{NOBODY}/disclosures"
    answers = [one.send("GET", asked) for one, asked in ((stranger, path), (stranger, unknown), (own, unknown))]
    assert {answer.status for answer in answers} == {404}
    assert len({_without_trace(answer.body) for answer in answers}) == 1
    as_unknown = stranger.send("GET", f"/v1/people/{NOBODY}")
    assert _without_trace(as_unknown.body) == _without_trace(answers[0].body)


def test_tokens_and_clients_are_on_record_without_their_secrets(town: Town, auditor: Client) -> None:
    api = Api(town.platform.url, town.client)
    client = town.platform.client(f"watched{town.number}", "some_department", "people:read")
    client_id, _, secret = base64.b64decode(client._credentials).decode().partition(":")
    form = "application/x-www-form-urlencoded"
    for given, granted in ((secret, 200), (f"not-{secret}", 401)):
        login = base64.b64encode(f"{client_id}:{given}".encode()).decode()
        body = "grant_type=client_credentials"
        answer = api.send("POST", "/oauth/token", body, token="", Authorization=f"Basic {login}", Content_Type=form)
        assert answer.status == granted
    second = town.platform.run("gateway", "client", "rotate", client_id).strip()
    town.platform.run("gateway", "client", "revoke", client_id)
    found = entries(auditor, service="gateway", client_id=client_id)[::-1]
    told = ["client_registered", "token_granted", "token_refused", "client_rotated", "client_revoked"]
    assert [one["operation"] for one in found] == told
    granted_row, refused_row, rotated = found[1:4]
    assert granted_row["detail"] == {"grant_type": "client_credentials", "scopes": ["people:read"]}
    assert (granted_row["address"], refused_row["detail"]["error"]) == ("127.0.0.1", "invalid_client")
    assert rotated["detail"]["made_by"]["os_user"] and rotated["detail"]["made_by"]["command"].endswith("rotate")
    written = json.dumps(entries(auditor, service="gateway"))
    assert secret not in written and second not in written


def _without_trace(body: bytes) -> str:
    problem = json.loads(body)
    return json.dumps({name: value for name, value in problem.items() if name not in ("trace_id", "instance")})


def test_the_log_leads_from_a_request_to_its_rows(town: Town, auditor: Client) -> None:
    """By the request id, which every line of the gateway's log and every row has."""
    request_id = f"log-{uuid.uuid4().hex}"
    Api(town.platform.url, town.client).send("GET", "/v1/people?limit=1", X_Request_Id=request_id)
    (row, *_) = entries(auditor, department=town.department, service="talent")
    assert (row["request_id"], row["operation"]) == (request_id, "list_people")
    lines = [line for log in town.platform.folder.glob("*.log") for line in log.read_text().splitlines()]
    (line,) = [json.loads(line) for line in lines if request_id in line and '"route"' in line]
    assert line["client"] == row["client_id"]


def test_the_gateway_lets_go_of_what_is_over(platform: ThrowawayPlatform) -> None:
    engine = make_engine(platform.databases["gateway"], pool_size=1, name="test")
    with engine.begin() as connection:
        old = "insert into audit values ('2020-01-01', gen_random_uuid(), 'c', 'd', null, 'token_granted', '{}', null, 'r')"
        connection.exec_driver_sql(old)
    platform.start_further_gateway("keeper")

    def left() -> int:
        with engine.connect() as connection:
            return int(connection.exec_driver_sql("select count(*) from audit where at < '2021-01-01'").scalar_one())

    eventually(lambda: left() == 0, what="the round at the start")
    platform.stop("keeper")
    engine.dispose()
