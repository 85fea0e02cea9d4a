"""One request to every operation that writes, in an order in which each takes effect: the story of a city in miniature.

Each comes with another request, to be sent under the same idempotency key. What is done with them stands in ``test_writes``.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from deploy.local.throwaway import eventually
from examples.city import credit_code
from gateway.description.operations import Operation
from gateway.http.operations import OPERATIONS
from tests.support.api import SOME_ID, Answer, Api
from tests.support.waiting import until

#: POSTs that change nothing: a purpose, or a document, must not stand in a URL.
READS = {"disclose_person", "search_people"}
WRITES = {one.name: one for one in OPERATIONS if one.method != "GET" and one.scope and one.name not in READS}
#: What is answered until then.
NOT_YET = {"not_yet_known", "events.not_eligible"}
FORM = "multipart/form-data; boundary=b"
HEADER = "姓名,证件类型,证件号码,学校,身份,入学日期\r\n"
#: In hours: long enough for the requests that are refused before.
SOON = 10 / 3600
Record = dict[str, Any]


@dataclass(frozen=True)
class Write:
    """A request; `other` is the body of another one to the same record, where None: the same body for another record."""

    name: str
    body: Any = None
    other: Any = None
    ids: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def operation(self) -> Operation:
        return WRITES[self.name]

    @property
    def path(self) -> str:
        return _filled(self.operation.path, self.ids)

    @property
    def another(self) -> tuple[str, Any]:
        """Path and body of the other request."""
        if self.other is None:
            return _filled(self.operation.path, dict.fromkeys(self.ids, SOME_ID)), self.body
        return self.path, self.other


def _filled(path: str, ids: dict[str, str]) -> str:
    return re.sub(r"<[a-z]+:([^>]+)>", lambda found: ids[found[1]], path)


Story = Generator[Write, Record, None]


def taken(api: Api, write: Write, key: str, **headers: str) -> Answer:
    """The answer of a write that is accepted; facts of one service take a moment to the next."""

    def answered() -> Answer | None:
        sent = {**write.headers, "Idempotency_Key": key, **headers}
        answer = api.send(write.operation.method, write.path, write.body, **sent)
        return None if answer.status in (403, 409) and answer.json["code"] in NOT_YET else answer

    found: Answer = eventually(answered, what=f"{write.name} known everywhere")
    assert found.status in (200, 201, 202), (write.name, found.body)
    return found


class City:
    """What the story needs to look up between the requests; `seen` are ids by the name of their path field."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.mark = uuid.uuid4().hex[:8]
        self.seen: dict[str, str] = {}

    def live(self, tell: Callable[[Write], Answer] | None = None) -> None:
        """The whole story, each request sent by `tell`, or just once."""
        tell, story = tell or self._once, self.story()
        write = next(story)
        with suppress(StopIteration):
            while True:
                write = story.send(tell(write).json)

    def _once(self, write: Write) -> Answer:
        return taken(self.api, write, uuid.uuid4().hex)

    def first(self, path: str, what: str) -> Record:
        """The first of a list once there is one."""
        return dict(eventually(lambda: self.api.send("GET", path).json["items"], what=what)[0])

    def story(self) -> Story:
        """Every write once, and some more where another needs them. What is yielded is sent, what comes back is its record."""
        university, area = yield from self._organisations()
        person = yield from self._people(university)
        yield from self._import(university)
        yield from self._registers(university)
        yield from self._report()
        yield from self._facts(person)
        yield from self._scheme(university, area)
        entitlement = self.first(f"/v1/entitlements?person_id={person['id']}", "the entitlement")
        token = self.api.send("GET", f"/v1/entitlements/{entitlement['id']}/pass").json["token"]
        scan = {"pass": token, "place_id": area["id"], "nonce": self.mark}
        redemption = yield Write("redeem_pass", scan, {**scan, "nonce": "another"})
        yield from self._messages(person)
        yield from self._activities(university, person)
        self.seen |= {"entitlement_id": entitlement["id"], "redemption_id": redemption["id"]}

    def _organisations(self) -> Generator[Write, Record, tuple[Record, Record]]:
        found = []
        for number, kind in enumerate(("university", "scenic_area")):
            code = credit_code("12", int(self.mark, 16) % 10**7 + number)
            body = {"kind": kind, "name": f"{kind} {self.mark}", "uscc": code}
            found.append((yield Write("register_organisation", body, {**body, "name": "另一个"})))
        university, area = found
        ids, version = {"organisation_id": university["id"]}, {"If_Match": '"v1"'}
        yield Write("confirm_organisation", {}, ids=ids)
        yield Write("change_organisation", {"name_en": "University"}, {"name_en": "College"}, ids, version)
        self.seen |= ids
        for key, member in (("universities", university), ("areas", area)):
            members = [{"organisation_id": member["id"], "from_on": "2023-01-01"}]
            body = {"name": {"zh-CN": key, "en": key}, "members": members}
            yield Write("put_organisation_set", body, {**body, "members": []}, {"key": f"{key}_{self.mark}"})
        return university, area

    def _people(self, university: Record) -> Generator[Write, Record, Record]:
        body = {"name": "迟到者", "id_type": "passport", "id_number": f"E{self.mark.upper()}"}
        body |= {"email": f"refused{self.mark}@example.com"}
        person = yield Write("register_person", body, {**body, "name": "别人"})
        assert self.api.app is not None
        provisional = self.api.app.post("/v1/people", {**body, "name": "另有其人", "email": None})
        for decision in ("merge", "dismiss"):
            yield Write(f"{decision}_duplicate_person", {}, ids={"provisional_id": provisional["id"]})
        erasing = {"reason": "at the wish of the person"}
        yield Write("erase_person", erasing, {"reason": "otherwise"}, {"person_id": provisional["id"]})
        ids, version = {"person_id": person["id"]}, {"If_Match": '"v1"'}
        yield Write("change_person", {"name": "迟来者"}, {"name": "来者"}, ids, version)
        report = {**ids, "organisation_id": university["id"], "role": "student", "from_on": "2024-09-01"}
        waiting = yield Write("report_affiliation", {**report, "state": "reported"}, {**report, "role": "staff"})
        yield Write("confirm_affiliation", {}, ids={"affiliation_id": waiting["id"]})
        ended = yield Write("report_affiliation", {**report, "role": "volunteer"}, report)
        end = {"until_on": "2025-01-01"}
        yield Write("end_affiliation", end, {"until_on": "2025-02-01"}, {"affiliation_id": ended["id"]})
        self.seen |= {**ids, "affiliation_id": waiting["id"]}
        return person

    def _import(self, university: Record) -> Iterator[Write]:
        started = yield Write("start_import", _form(HEADER), _form(HEADER * 2), headers={"Content_Type": FORM})
        self.seen["import_id"] = started["id"]

    def _registers(self, university: Record) -> Story:
        names = {"name": {"zh-CN": "协议", "en": "Agreements"}}
        body: Record = {
            "programme": "agreements",
            "natural_key": ["title"],
            "reporters": [self.api.client.department],
            **names,
        }
        body["states"] = [{"key": "agreed", **names}]
        body["parties"] = [{"role": "host", "of": ["university"], **names}]
        body["fields"] = [{"key": "copies", "type": "number", **names}]
        role = {**names, "programme": "agreements", "fields": [{"key": "copies", "type": "number", **names}]}
        key = f"role_{self.mark}"
        yield Write("put_affiliation_role", role, {**role, "programme": "others"}, {"key": key})
        key = f"register_{self.mark}"
        yield Write("put_register_kind", body, {**body, "programme": "others"}, {"key": key})
        entries = []
        for title in ("甲", "乙"):
            parties = [{"role": "host", "organisation_id": university["id"]}]
            entry = {
                "kind_key": key,
                "title": title,
                "agreed_on": "2024-09-01",
                "parties": parties,
                "fields": {"copies": 2},
            }
            entries.append((yield Write("report_register_entry", entry, {**entry, "title": "丙"})))
        ids, target = {"entry_id": entries[0]["id"]}, entries[1]["id"]
        yield Write("mark_same_entry", {"same_as": target}, {"same_as": SOME_ID}, ids)
        yield Write("unmark_same_entry", {}, ids=ids)
        self.seen |= ids

    def _report(self) -> Iterator[Write]:
        names = {"zh-CN": "讲座", "en": "Lectures"}
        of, display = {"mechanism": "activities", "kinds": ["talk"]}, {"qualifier": "exact", "numerals": "digits"}
        figure: Record = {
            "key": f"talks_{self.mark}",
            "number": "B1",
            "name": names,
            "unit": "session",
            "classifier": "场",
        }
        figure |= {"count": "sessions", "kind": "flow", "of": of, "display": display}
        body: Record = {"title": names, "status": "running", "chapter": "talks", "position": 1, "figures": [figure]}
        body["clause"] = {"section": "1", "text": names}
        key = f"B{int(self.mark, 16) % 900 + 100}"
        yield Write("put_programme", body, {**body, "position": 2}, {"key": key})
        outline: Record = {"title": names, "chapters": [{"key": "talks", "title": names}]}
        # there is one outline, which another test may have put
        is_there = self.api.send("GET", "/v1/report-outlines/progress").status == 200
        headers = {"If_Match": "*"} if is_there else {}
        other = {**outline, "title": {**names, "en": "Talks"}}
        yield Write("put_report_outline", outline, other, {"key": "progress"}, headers)

    def _facts(self, person: Record) -> Iterator[Write]:
        names = {"name": {"zh-CN": "参保", "en": "Insured"}}
        body: Record = {"programme": "insurance", "confirmed_by": [self.api.client.department], **names}
        body["fields"] = [{"key": "year", "type": "number", **names}]
        key = f"insured_{self.mark}"
        yield Write("put_fact_kind", body, {**body, "holds_months": 12}, {"key": key})
        fact = {"person_id": person["id"], "kind_key": key, "from_on": "2024-01-01", "fields": {"year": 2024}}
        made = yield Write("report_fact", fact, {**fact, "fields": {"year": 2025}})
        ids = {"fact_id": made["id"]}
        yield Write("end_fact", {"until_on": "2025-01-01"}, {"until_on": "2025-02-01"}, ids)
        self.seen |= ids

    def _scheme(self, university: Record, area: Record) -> Iterator[Write]:
        sets = {"place_set_key": f"areas_{self.mark}", "institution_set_key": f"universities_{self.mark}"}
        says = f"affiliations.exists(a, a.current && 'universities_{self.mark}' in a.sets)"
        text = {"zh-CN": "须为师生", "en": "member"}
        body = {
            "name": {"zh-CN": "免首道门票", "en": "Free first gate"},
            "source": "P35",
            "from_on": "2023-01-01",
            "covers": "first_gate",
            "relation": [{**sets, "from_on": "2023-01-01"}],
            "clauses": [{"id": "member", "expr": says, "message": text, "source": "P35"}],
            "limit": {"count": 1, "per": "place", "window": "shanghai_day"},
        }
        yield Write("put_scheme", body, {**body, "source": "P36"}, {"key": f"scenic_{self.mark}"})

    def _messages(self, person: Record) -> Iterator[Write]:
        text = {"zh-CN": "{{ scheme_name }}", "en": "{{ scheme_name }}"}
        body = {"event_type": "perks.entitlement.granted.v1", "channels": ["log"], "subject": text, "body": text}
        body["enabled"] = False
        yield Write("put_template", body, {**body, "channels": ["in_app"]}, {"key": f"template_{self.mark}"})
        self.api.act_for(person["id"])
        ids, wish = {"person_id": person["id"]}, {"quiet_hours": None}
        yield Write("put_preferences", wish, {**wish, "language": "en"}, ids)
        message = self.first(f"/v1/messages?person_id={person['id']}", "the message")
        yield Write("read_message", {}, ids={"message_id": message["id"]})
        failed = self.first(f"/v1/deliveries?person_id={person['id']}&state=failed", "the refused e-mail")
        yield Write("resend_delivery", {}, ids={"delivery_id": failed["id"]})
        self.seen |= {"message_id": message["id"], "delivery_id": failed["id"]}

    def _activities(self, university: Record, person: Record) -> Iterator[Write]:
        kind = {"name": {"zh-CN": "讲座", "en": "Lecture"}, "programme": "lectures"}
        yield Write("put_activity_kind", kind, {**kind, "programme": "talks"}, {"key": f"kind_{self.mark}"})
        held = yield from self._open_activity(university)
        seated = yield Write("register", {"person_id": person["id"]}, {"person_id": SOME_ID}, held)
        people = []
        for number in range(2):
            body = {"name": "后来者", "id_type": "passport", "id_number": f"G{number}{self.mark[1:].upper()}"}
            people.append((yield Write("register_person", body, {**body, "name": "别人"})))
        waiting = []
        for one in people:
            waiting.append((yield Write("register", {"person_id": one["id"]}, {"person_id": SOME_ID}, held)))
        yield Write("cancel_registration", {}, ids={"registration_id": seated["id"]})
        yield Write("refuse_offer", {}, ids={"registration_id": waiting[0]["id"]})
        yield Write("accept_offer", {}, ids={"registration_id": waiting[1]["id"]})
        ticket = self.api.send("GET", f"/v1/registrations/{waiting[1]['id']}/ticket").json["token"]
        yield Write("close_activity", {}, ids=held)
        session = {**held, "session_id": self._session_of(held)["id"]}
        yield Write("cancel_session", {"reason": "停电"}, {"reason": "天气"}, session)
        yield Write("reopen_session", {}, ids=session)
        yield from self._begin(held)
        scan = {"ticket": ticket, "nonce": self.mark}
        checkin = yield Write("check_in", scan, {**scan, "nonce": "another"})
        yield Write("revoke_checkin", {"reason": "误扫"}, {"reason": "重复"}, {"checkin_id": checkin["id"]})
        self._await_begin(held)
        yield Write("hold_activity", {}, ids=held)
        yield Write("report_activity", {"attendance_stated": 1}, {"attendance_stated": 2}, held)
        called_off = yield from self._open_activity(university)
        yield Write("cancel_activity", {"reason": "场馆检修"}, {"reason": "天气"}, called_off)
        self.seen |= {**session, "registration_id": waiting[1]["id"], "checkin_id": checkin["id"]}

    def _open_activity(self, university: Record) -> Generator[Write, Record, dict[str, str]]:
        title = {"zh-CN": f"讲座{self.mark}", "en": "Lecture"}
        body = {"kind_key": f"kind_{self.mark}", "title": title, "organiser_id": university["id"]}
        body |= {"promotion": "offer", "sessions": [self._session(hours=1)]}
        made = yield Write("create_activity", body, {**body, "offer_hours": 2})
        ids = {"activity_id": made["id"]}
        yield Write("publish_activity", {}, ids=ids)
        yield Write("open_activity", {}, ids=ids)
        return ids

    def _begin(self, ids: dict[str, str]) -> Iterator[Write]:
        """Put it forward: it begins in a moment."""
        known = self._known(ids)
        session = {**self._session(hours=SOON), "id": known["sessions"][0]["id"]}
        other = {"sessions": [{**session, "capacity": 2}]}
        version = {"If_Match": f'"v{known["version"]}"'}
        yield Write("change_activity", {"sessions": [session]}, other, ids, version)

    def _known(self, ids: dict[str, str]) -> Record:
        return dict(self.api.send("GET", _filled("/v1/activities/<uuid:activity_id>", ids)).json)

    def _session_of(self, ids: dict[str, str]) -> Record:
        return dict(self._known(ids)["sessions"][0])

    def _await_begin(self, ids: dict[str, str]) -> None:
        starts_at = dt.datetime.fromisoformat(self._session_of(ids)["starts_at"])
        until(lambda: dt.datetime.now(dt.UTC) > starts_at, seconds=60, what="the beginning")

    @staticmethod
    def _session(*, hours: float) -> Record:
        starts_at = dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours)
        ends_at = starts_at + dt.timedelta(hours=4)
        return {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat(), "capacity": 1}


def _form(file: str) -> bytes:
    parts = (('name="kind"', "roster"), ('name="mode"', "dry_run"), ('name="file"; filename="a.csv"', file))
    text = "".join(f"--b\r\nContent-Disposition: form-data; {named}\r\n\r\n{value}\r\n" for named, value in parts)
    return f"{text}--b--\r\n".encode()
