"""The catalogue of events and the code say the same: who announces what, and which handler hears it."""

from __future__ import annotations

import ast
import re

from chassis.broker import topology
from contracts.catalogue import EVENTS
from tests.architecture import source

TYPE = re.compile(r"([a-z]+)\.([a-z_]+)\.([a-z]+)\.v(\d+)")
WRITTEN_ONCE = ("perks.pass.redeemed.v1", "events.checkin.recorded.v1")
#: What an event never carries: whoever may listen must not learn who somebody is.
PERSONAL = {"phone", "email", "id_number", "name_masked", "id_number_masked", "holder", "birth_date", "address"}
#: Ids of what is nobody's in particular. An event with any other id tells of one person, until the id stands here.
OF_NO_PERSON = {
    "activity_id", "organisation_id", "organiser_id", "place_id", "scheme_key", "key", "entry_id", "kind_key",
}  # fmt: skip


def handlers() -> set[str]:
    """Every handler of every service, as the catalogue names subscribers."""
    return {
        f"{service}.{name}"
        for service in source.services()
        for name, call in source.entrypoints(service).items()
        if source.called(call) == "handler"
    }


def announced(service: str) -> list[re.Pattern[str]]:
    """Every event type of its own that stands in the code of a service; a part put in later matches any word."""
    found = []
    for path in source.modules(f"services/{service}"):
        for node in ast.walk(source.tree(path)):
            written = ""
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                written = re.escape(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = (one.value if isinstance(one, ast.Constant) else None for one in node.values)
                written = "".join(re.escape(str(part)) if part is not None else "[a-z]+" for part in parts)
            if re.match(rf"{service}\\\..+\\\.v\d$", written):
                found.append(re.compile(written))
    return found


class TestCatalogue:
    def test_names_every_type_as_service_subject_participle_version(self) -> None:
        for event_type in EVENTS:
            parts = TYPE.fullmatch(event_type)
            assert parts, event_type
            assert parts[1] in source.services(), f"{event_type}: no such service"
            assert parts[3].endswith(("ed", "en", "put", "sent", "lost", "held")), (
                f"{event_type}: not a past participle"
            )

    def test_and_handlers_name_each_other(self) -> None:
        assert handlers() == {consumer for entry in EVENTS.values() for consumer in entry.subscribers}

    def test_has_every_type_a_service_announces_and_no_other(self) -> None:
        for service in source.services():
            catalogue = [one for one in EVENTS if topology.source_of(one) == service]
            written = announced(service)
            assert [one for one in catalogue if not any(pattern.fullmatch(one) for pattern in written)] == []
            assert [one.pattern for one in written if not any(one.fullmatch(known) for known in catalogue)] == []

    def test_carries_no_personal_data(self) -> None:
        for event_type, entry in EVENTS.items():
            fields = set(entry.schema().fields)
            assert fields & PERSONAL == set(), event_type
            if topology.source_of(event_type) == "talent" and "organisation" not in event_type:
                assert "name" not in fields, event_type

    def test_marks_every_type_that_tells_of_one_person(self) -> None:
        """Such a type is heard by services, and by a department only where it is named for it."""
        for event_type, entry in EVENTS.items():
            ids = {name for name in entry.schema().fields if name == "key" or name.endswith(("_id", "_key"))}
            assert entry.person_level or ids <= OF_NO_PERSON, f"{event_type}: {ids - OF_NO_PERSON}"
            assert ids - OF_NO_PERSON or not entry.person_level, f"{event_type} tells of nobody: person_level=False"

    def test_every_event_says_which_record_and_which_version(self) -> None:
        """Consumers apply `where version < :version`; what is written once and never changes needs none."""
        for event_type, entry in EVENTS.items():
            fields = set(entry.schema().fields)
            assert any(field == "key" or field.endswith(("_id", "_key")) for field in fields), event_type
            assert "version" in fields or event_type in WRITTEN_ONCE, event_type

    def test_queue_names_are_those_of_the_topology(self) -> None:
        queues = topology.queue_names(delays=[5.0])
        assert len(queues) == len(set(queues))
        for consumer in handlers():
            assert topology.consumer_queue(consumer) in queues

    def test_types_are_literals_where_they_are_announced(self) -> None:
        """So that a search for a type finds who announces it."""
        composed = [
            f"{path}:{node.lineno}"
            for path in source.modules("services", "chassis")
            for node in ast.walk(source.tree(path))
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant)
            if re.search(r"\.v\d+$", "".join(str(one.value) for one in node.values if isinstance(one, ast.Constant)))
        ]
        assert composed == []
