"""The records the matrix asks for: one person, all they have, and everybody who asks, made over HTTP on a running platform.

Not here: what is sent to whom (``requests``).
"""

from __future__ import annotations

import copy
import datetime as dt
import itertools
import uuid
from pathlib import Path
from typing import Any

from deploy.local.throwaway import ThrowawayPlatform, eventually
from examples.city import credit_code
from examples.client import ApiError, Client
from gateway.auth.subjects import STAFF
from tests.access import columns
from tests.access.columns import Column

Record = dict[str, Any]
#: What is answered until a fact of one service has come to the next.
NOT_YET = {"not_yet_known", "events.not_eligible"}
HEADER = "姓名,证件类型,证件号码,学校,身份,入学日期\n"


class Town:
    """A person with an affiliation, an entitlement, a scan, a registration and messages; `ids` by the name of their field."""

    def __init__(self, platform: ThrowawayPlatform, folder: Path) -> None:
        self.platform, self.url = platform, platform.url
        self.mark = uuid.uuid4().hex[:8]
        self.numbers, self.years = itertools.count(1), itertools.count(1950)
        self.own = self._system("own", columns.OWN)
        self.trusted = self._system("trusted", columns.TRUSTED)
        self.foreign = self._system("foreign", columns.FOREIGN)
        self.office = self._system("office", columns.OFFICE)
        self.app = platform.client(f"app-{self.mark}", f"youth_app_{self.mark}", type="channel")
        self.operator = platform.client(f"ops-{self.mark}", f"ops_{self.mark}", type="operator")
        self.auditor = platform.client(f"audit-{self.mark}", f"audit_{self.mark}", type="auditor")
        self.ids: dict[str, str] = {}
        self.keys = {
            one: f"{one}_{self.mark}"
            for one in ("kind", "universities", "areas", "scheme", "template", "register", "role", "figure", "fact")
        } | {"programme": f"A{int(self.mark, 16) % 900 + 100}", "outline": "progress"}
        self._organisations()
        self._people()
        self._registers()
        self._report()
        self._facts()
        self._scheme()
        self.device, self.elsewhere = self._devices()
        self._activities()
        self._scan()
        self._messages()
        self._import(folder)

    def clients(self) -> dict[Column, Client]:
        """Who asks, by column; but for the client without the scope, which differs (``without``)."""
        return {
            columns.OWN: self.own,
            columns.TRUSTED: self.trusted,
            columns.FOREIGN: self.foreign,
            columns.OFFICE: self.office,
            columns.PERSON: self.app.for_person(self.ids["person_id"]),
            columns.ANOTHER: self.app.for_person(self.another),
            columns.DEVICE: self.device,
            columns.ELSEWHERE: self.elsewhere,
            columns.OPERATOR: self.operator,
            columns.AUDITOR: self.auditor,
        }

    def clerk(self) -> Client:
        """The channel, acting for a clerk of its department, which is a foreign one."""
        made = copy.copy(self.app.for_person("clerk-7"))
        made._grant = {**made._grant, "subject_token_type": STAFF}
        return made

    def without(self, scope: str) -> Client:
        """A system that holds another scope."""
        other = "registry:read" if scope != "registry:read" else "schemes:read"
        return self.platform.client(f"none-{self.mark}", f"none_{self.mark}", other)

    def _system(self, name: str, column: Column) -> Client:
        return self.platform.client(f"{name}-{self.mark}", f"{name}_{self.mark}", *sorted(column.holds))

    def _organisations(self) -> None:
        for field, kind in (("organisation_id", "university"), ("place_id", "scenic_area")):
            body = self.organisation(kind) | {"trusted_departments": [self.trusted.department]}
            self.ids[field] = self.own.post("/v1/organisations", body)["id"]
            self.office.post(f"/v1/organisations/{self.ids[field]}/confirm", {})
        for key, field in (("universities", "organisation_id"), ("areas", "place_id")):
            self.office.put(f"/v1/organisation-sets/{self.keys[key]}", self.set_of(field))

    def organisation(self, kind: str) -> Record:
        """One that nobody has registered yet."""
        number = next(self.numbers)
        code = credit_code("12", (int(self.mark, 16) + number) % 10**7)
        return {"kind": kind, "name": f"{kind} {self.mark} {number}", "uscc": code}

    def set_of(self, field: str) -> Record:
        """The set of the one organisation."""
        members = [{"organisation_id": self.ids[field], "from_on": "2023-01-01"}]
        return {"name": {"zh-CN": "集合", "en": "Set"}, "members": members}

    def person(self, **more: str) -> Record:
        """One whom nobody has reported yet."""
        number = f"E{next(self.numbers):02d}{self.mark[:6].upper()}"
        return {"name": "归属人", "id_type": "passport", "id_number": number, **more}

    def somebody(self) -> str:
        """A person the own department has just reported."""
        return str(self.own.post("/v1/people", self.person())["id"])

    def _people(self) -> None:
        # the provider refuses this address, so that there is a delivery to be sent again
        body = self.student = self.person(email=f"refused{self.mark}@example.com")
        self.ids["person_id"] = self.own.post("/v1/people", body)["id"]
        self.another = self.foreign.post("/v1/people", self.person())["id"]
        self.ids["affiliation_id"] = self.affiliation("student")
        self.trusted.post(f"/v1/affiliations/{self.ids['affiliation_id']}/confirm", {})
        document = self.person()
        self.own.post("/v1/people", document)
        twin = {**document, "name": "另有其人"}
        self.ids["provisional_id"] = self.foreign.post("/v1/people", twin)["id"]

    def affiliation(self, role: str) -> str:
        """A further claim of the person's, not confirmed yet."""
        return str(self.own.post("/v1/affiliations", self.claim(role=role))["id"])

    def claim(self, **more: str) -> Record:
        """What the person is to the university."""
        names = ("person_id", "organisation_id")
        return {**{name: self.ids[name] for name in names}, "from_on": "2024-09-01", **more}

    def past_claim(self) -> Record:
        """One that was over before any other began, and that nobody has reported yet."""
        year = next(self.years)
        return self.claim(role="volunteer", from_on=f"{year}-01-01", until_on=f"{year}-02-01")

    def _registers(self) -> None:
        self.office.put(f"/v1/register-kinds/{self.keys['register']}", self.register())
        self.office.put(f"/v1/affiliation-roles/{self.keys['role']}", self.role())
        self.ids["entry_id"], self.ids["other_entry_id"] = self.reported_entry(), self.reported_entry()

    def _report(self) -> None:
        self.office.put(f"/v1/programmes/{self.keys['programme']}", self.programme())
        outline = f"/v1/report-outlines/{self.keys['outline']}"
        try:
            known = self.office.get(outline)["version"]
        except ApiError:
            self.office.put(outline, self.outline())
        else:
            self.office.put(outline, self.outline(), if_match=f'"v{known}"')

    def outline(self) -> Record:
        """The report has one chapter, with the programme in it."""
        names = {"zh-CN": "活动", "en": "Activities"}
        return {"title": names, "chapters": [{"key": "activities", "title": names}]}

    def programme(self) -> Record:
        """One that counts its activities."""
        names = {"zh-CN": "讲座", "en": "Lectures"}
        of = {"mechanism": "activities", "kinds": [self.keys["kind"]]}
        display = {"qualifier": "exact", "numerals": "digits"}
        figure = {"key": self.keys["figure"], "number": "A1", "name": names, "unit": "session", "classifier": "场"}
        figure |= {"count": "sessions", "kind": "flow", "of": of, "display": display}
        about = {"title": names, "status": "running", "chapter": "activities", "position": 1}
        return {**about, "clause": {"section": "1", "text": names}, "figures": [figure]}

    def role(self) -> Record:
        """What a person may be to an organisation."""
        return {"name": {"zh-CN": "匠人", "en": "Artisan"}, "programme": "artisans"}

    def register(self) -> Record:
        """A kind of register that the own department reports, and a person takes part in."""
        parties = [("talent", ["person"]), ("host", ["university"])]
        return {
            "name": {"zh-CN": "引才", "en": "Engagements"},
            "programme": "engagements",
            "natural_key": ["title"],
            "states": [{"key": "agreed", "name": {"zh-CN": "已达成", "en": "agreed"}}],
            "parties": [{"role": role, "name": {"zh-CN": role, "en": role}, "of": of} for role, of in parties],
            "reporters": [self.own.department],
        }

    def entry(self) -> Record:
        """One not reported yet."""
        parties = [{"role": "talent", "person_id": self.ids["person_id"]}]
        parties.append({"role": "host", "organisation_id": self.ids["organisation_id"]})
        title = f"entry {self.mark} {next(self.numbers)}"
        return {"kind_key": self.keys["register"], "title": title, "agreed_on": "2024-09-01", "parties": parties}

    def reported_entry(self) -> str:
        """One the own department has just reported."""
        return str(self.own.post("/v1/register-entries", self.entry())["id"])

    def _facts(self) -> None:
        self.office.put(f"/v1/fact-kinds/{self.keys['fact']}", self.fact_kind())
        self.ids["fact_id"] = self.reported_fact()

    def fact_kind(self) -> Record:
        """A kind of fact that the own department confirms."""
        names = {"zh-CN": "已参保", "en": "Insured"}
        return {"name": names, "programme": "insurance", "confirmed_by": [self.own.department]}

    def fact(self) -> Record:
        """One of the person's, not reported yet."""
        about = {"person_id": self.ids["person_id"], "kind_key": self.keys["fact"]}
        return {**about, "from_on": f"{next(self.years)}-01-01"}

    def reported_fact(self) -> str:
        """One the own department has just reported."""
        return str(self.own.post("/v1/facts", self.fact())["id"])

    def _scheme(self) -> None:
        self.office.put(f"/v1/schemes/{self.keys['scheme']}", self.scheme())
        query = {"person_id": self.ids["person_id"], "scheme_key": self.keys["scheme"]}
        (found,) = eventually(lambda: self.own.get("/v1/entitlements", **query)["items"], what="the entitlement")
        self.ids["entitlement_id"] = found["id"]

    def scheme(self) -> Record:
        """A scheme that admits the person a hundred times."""
        sets = {"place_set_key": self.keys["areas"], "institution_set_key": self.keys["universities"]}
        says = f"affiliations.exists(a, a.current && '{self.keys['universities']}' in a.sets)"
        return {
            "name": {"zh-CN": "免首道门票", "en": "Free first gate"},
            "source": "P35",
            "from_on": "2023-01-01",
            "covers": "first_gate",
            "relation": [{**sets, "from_on": "2023-01-01"}],
            "clauses": [{"id": "m", "expr": says, "message": {"zh-CN": "须为师生", "en": "member"}, "source": "P35"}],
            "limit": {"count": 100, "per": "place", "window": "shanghai_day"},
        }

    def _devices(self) -> tuple[Client, Client]:
        self.office.put(f"/v1/activity-kinds/{self.keys['kind']}", self.kind())
        self.ids["activity_id"] = self.activity("publish", "open")
        bound = ([self.ids["place_id"], self.ids["activity_id"]], [str(uuid.uuid4())])
        here, elsewhere = (
            self.platform.client(f"device{number}-{self.mark}", self.own.department, type="device", bound_to=places)
            for number, places in enumerate(bound)
        )
        return here, elsewhere

    def _activities(self) -> None:
        self.ids["registration_id"] = self.registration(self.ids["activity_id"])
        self.ids["session_id"] = self._session_of(self.ids["activity_id"])
        self.ids["open_activity_id"] = self.activity("publish", "open")
        self.ids["checkin_id"] = self.checkin()

    def activity(self, *moves: str, **chosen: int) -> str:
        """An activity of the own department after these moves."""
        body = self.draft(**chosen)
        made = eventually(lambda: self._sent("/v1/activities", body), what="the organisation in events")
        for move in moves:
            body = {"attendance_stated": 1} if move == "report" else {}
            self.own.post(f"/v1/activities/{made['id']}/{move}", body)
        return str(made["id"])

    def session(self, *moves: str) -> dict[str, str]:
        """The one session of an activity after these moves."""
        activity_id = self.activity(*moves)
        return {"activity_id": activity_id, "session_id": self._session_of(activity_id)}

    def _session_of(self, activity_id: str) -> str:
        return str(self.own.get(f"/v1/activities/{activity_id}")["sessions"][0]["id"])

    def cancelled_session(self) -> dict[str, str]:
        """One that can be reopened."""
        ids = self.session("publish")
        self.own.post(f"/v1/activities/{ids['activity_id']}/sessions/{ids['session_id']}/cancel", {"reason": "天气"})
        return ids

    def checkin(self) -> str:
        """Somebody let in at the door."""
        ticket = self.ticket(self.registration(self.ids["activity_id"], self.somebody()))
        return str(self.device.post("/v1/checkins", {"ticket": ticket, "nonce": uuid.uuid4().hex})["id"])

    def kind(self) -> Record:
        return {"name": {"zh-CN": "讲座", "en": "Lecture"}, "programme": "lectures"}

    def draft(self, *, capacity: int = 50, hours: int = -1) -> Record:
        """An activity that begins in so many hours: it has begun, and goes on."""
        starts_at = dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours)
        ends_at = starts_at + dt.timedelta(hours=5)
        session = {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat(), "capacity": capacity}
        title = {"zh-CN": "讲座", "en": "Lecture"}
        body = {"kind_key": self.keys["kind"], "title": title, "organiser_id": self.ids["organisation_id"]}
        return {**body, "promotion": "offer", "sessions": [session]}

    def registration(self, activity_id: str, person_id: str | None = None) -> str:
        """A registration of the person's, or of somebody else, made by the own department."""
        path, body = f"/v1/activities/{activity_id}/registrations", {"person_id": person_id or self.ids["person_id"]}
        return str(eventually(lambda: self._sent(path, body), what="the person in events")["id"])

    def offered(self) -> str:
        """A registration of the person's that has a seat on offer."""
        activity_id = self.activity("publish", "open", capacity=1, hours=1)
        seated = self.registration(activity_id, self.somebody())
        waiting = self.registration(activity_id)
        self.own.post(f"/v1/registrations/{seated}/cancel", {})
        return waiting

    def _sent(self, path: str, body: Record) -> Record | None:
        try:
            return dict(self.own.post(path, body))
        except ApiError as error:
            if error.problem["code"] not in NOT_YET:
                raise
            return None

    def _scan(self) -> None:
        self.pass_ = self.own.get(f"/v1/entitlements/{self.ids['entitlement_id']}/pass")["token"]
        scan = {"pass": self.pass_, "place_id": self.ids["place_id"], "nonce": "first"}
        self.ids["redemption_id"] = self.device.post("/v1/redemptions", scan)["id"]

    def ticket(self, registration_id: str) -> str:
        return str(self.own.get(f"/v1/registrations/{registration_id}/ticket")["token"])

    def _messages(self) -> None:
        self.office.put(f"/v1/templates/{self.keys['template']}", self.template())
        mine, query = self.app.for_person(self.ids["person_id"]), {"person_id": self.ids["person_id"]}
        (message, *_) = eventually(lambda: mine.get("/v1/messages", **query)["items"], what="a message")
        query["state"] = "failed"
        (failed, *_) = eventually(lambda: self.operator.get("/v1/deliveries", **query)["items"], what="a failure")
        self.ids |= {"message_id": message["id"], "delivery_id": failed["id"]}
        mine.put(f"/v1/people/{self.ids['person_id']}/preferences", {"quiet_hours": None})

    def template(self) -> Record:
        text = {"zh-CN": "{{ scheme_name }}", "en": "{{ scheme_name }}"}
        body = {"event_type": "perks.entitlement.granted.v1", "channels": ["log"], "subject": text, "body": text}
        return {**body, "enabled": False}

    def _import(self, folder: Path) -> None:
        path = folder / "roster.csv"
        student = self.person()
        row = f"{student['name']},护照,{student['id_number']},university {self.mark},学生,2024-09-01\n"
        path.write_text(HEADER + row, encoding="utf-8")
        started = self.own.upload("/v1/imports", path, kind="roster", mode="dry_run")
        self.ids["import_id"] = started["id"]
        own = f"/v1/imports/{started['id']}"
        eventually(lambda: self.own.get(own)["state"] == "done", what="the import")
