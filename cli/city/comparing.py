"""A pack beside the platform: what is missing there, what differs, what is there alone, and what the platform cannot take yet.

Lives here: the order things need one another in (organisations before sets, sets and all kinds before schemes), and one step for
each thing. A step writes on condition of the version it was compared with. Not here: requests and shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.city import holdings, programmes
from cli.city.governing import Governing, Held
from cli.city.holdings import (
    FACT,
    KIND,
    LISTED,
    ORGANISATION,
    OUTLINE,
    PATHS,
    PROGRAMME,
    REGISTER,
    ROLE,
    SCHEME,
    SET,
    TEMPLATE,
)  # fmt: skip
from cli.city.mechanisms import MECHANISMS, SECTIONS
from cli.city.mistakes import Words
from cli.city.reading import Pack
from cli.exits import Refused
from cli.language import say

_BODIES = {**holdings.BODIES, PROGRAMME: programmes.programme}
CREATE, CHANGE, CONFIRM, SAME = "create", "change", "confirm", "same"


@dataclass(frozen=True)
class Step:
    """What one thing needs; `differs` names the fields that are not as the pack says, `do` writes them."""

    what: str
    key: str
    action: str
    differs: tuple[str, ...] = ()
    do: Callable[[], object] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Waiting:
    """What a pack holds and the platform has no mechanism for yet."""

    source: str
    mechanism: str
    words: Words
    keys: tuple[str, ...]


class Comparison:
    """The steps from the platform as it stands to the pack, and the ids the pack's organisations have there."""

    def __init__(self, api: Governing, pack: Pack) -> None:
        self._api, self._pack = api, pack
        self.ids: dict[str, str] = {}
        self.steps = [
            *self._organisations(),
            *self._sets(),
            *self._keyed(KIND),
            *self._keyed(ROLE),
            *self._keyed(REGISTER),
            *self._keyed(FACT),
            *self._keyed(SCHEME),
            *self._keyed(TEMPLATE),
            *self._outline(),
            *self._keyed(PROGRAMME),
        ]

    @property
    def changes(self) -> list[Step]:
        """The steps that write."""
        return [step for step in self.steps if step.action != SAME]

    def only_there(self) -> Iterator[tuple[str, str]]:
        """What the platform lists and the pack does not define: it is left as it is."""
        for what in LISTED:
            known = holdings.tables(self._pack, what)
            for one in self._api.get(PATHS[what])["items"]:
                if one["key"] not in known:
                    yield what, one["key"]

    def _organisations(self) -> Iterator[Step]:
        for key, table in holdings.tables(self._pack, ORGANISATION).items():
            body = holdings.organisation(table)
            found = find_organisation(self._api, body)
            if found is None:
                yield Step(ORGANISATION, key, CREATE, do=self._registering(key, body))
                continue
            self.ids[key] = found["id"]
            yield from self._of_organisation(key, body, found)

    def _of_organisation(self, key: str, body: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Step]:
        attributes = {name: found["attributes"].get(name) for name in body["attributes"]}
        # one the demonstration of an earlier version registered may lack the mark; no mark is false
        attributes["invented"] = bool(attributes["invented"])
        changed = {
            name: body[name]
            for name in body
            if name != "kind" and body[name] != {**found, "attributes": attributes}[name]
        }
        path = f"/v1/organisations/{found['id']}"
        if changed:
            version = int(found["version"])
            yield Step(ORGANISATION, key, CHANGE, tuple(changed), lambda: self._api.patch(path, changed, version))
        if found["confirmed_at"] is None:
            yield Step(ORGANISATION, key, CONFIRM, do=lambda: self._api.post(f"{path}/confirm", {}))
        elif not changed:
            yield Step(ORGANISATION, key, SAME)

    def _registering(self, key: str, body: dict[str, Any]) -> Callable[[], object]:
        def register() -> None:
            self.ids[key] = str(self._api.post("/v1/organisations", body)["id"])

        return register

    def _sets(self) -> Iterator[Step]:
        for key, table in holdings.tables(self._pack, SET).items():
            wanted = holdings.organisation_set(table)
            held = self._api.held(f"{PATHS[SET]}/{key}")
            yield self._step(SET, key, wanted, held and Held(self._by_key(held.content), held.version), self._with_ids)

    def _by_key(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """A set with its members by the pack's keys; one the pack does not know stays an id."""
        keys = {identity: key for key, identity in self.ids.items()}
        members = [
            (keys.get(one["organisation_id"], one["organisation_id"]), one["from_on"], one["until_on"])
            for one in found["members"]
        ]
        return {"name": found["name"], "members": sorted(members, key=lambda one: (one[0], one[1]))}

    def _with_ids(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        rows = [
            {"organisation_id": self.ids[key], "from_on": from_on, "until_on": until_on}
            for key, from_on, until_on in wanted["members"]
        ]
        return {"name": wanted["name"], "members": rows}

    def _keyed(self, what: str) -> Iterator[Step]:
        held = {one["key"]: Held(dict(one), int(one["version"])) for one in self._api.get(PATHS[what])["items"]}
        for key, table in holdings.tables(self._pack, what).items():
            yield self._step(what, key, _BODIES[what](table), held.get(key), dict)

    def _outline(self) -> Iterator[Step]:
        for key, table in holdings.tables(self._pack, OUTLINE).items():
            yield self._step(OUTLINE, key, programmes.outline(table), self._api.held(f"{PATHS[OUTLINE]}/{key}"), dict)

    def _step(
        self,
        what: str,
        key: str,
        wanted: dict[str, Any],
        held: Held | None,
        body: Callable[[Mapping[str, Any]], dict[str, Any]],
    ) -> Step:
        path = f"{PATHS[what]}/{key}"
        if held is None:
            return Step(what, key, CREATE, do=lambda: self._api.put(path, body(wanted), None))
        differs = tuple(name for name, value in wanted.items() if held.content[name] != value)
        if not differs:
            return Step(what, key, SAME)
        return Step(what, key, CHANGE, differs, lambda: self._api.put(path, body(wanted), held.version))


def find_organisation(api: Governing, body: Mapping[str, Any]) -> dict[str, Any] | None:
    """The organisation of this credit code, or without one of this kind and name. Raises Refused where the code's is of another
    kind, which nobody can change.
    """
    code = body.get("uscc")
    kind = None if code else body["kind"]
    for one in api.pages("/v1/organisations", q=code or body["name"], kind=kind, limit=200):
        if not code and one["name"] == body["name"]:
            return one
        if code and one["uscc"] == code:
            if one["kind"] != body["kind"]:
                found = say("{code} is on the platform as {kind}; write that kind.", code=code, kind=one["kind"])
                raise Refused(found, "other_kind")
            return one
    return None


def waiting(pack: Pack) -> Iterator[Waiting]:
    """What of a pack waits, by programme and mechanism; then what counts for all of it."""
    for name, programme in pack.programmes.items():
        for mechanism in programme["waits_for"]:
            sections = [section for section, carrier in SECTIONS.items() if carrier == mechanism]
            keys = tuple(item["key"] for section in sections for item in programme[section])
            words = MECHANISMS[mechanism]
            yield Waiting(name, mechanism, Words(words.zh, words.en), keys)
    yield Waiting("city.toml", "calendar", Words("县区与工作日历", "counties and calendar"), ())
    yield Waiting("departments.toml", "departments", Words("部门", "departments"), ())
