"""Whoever shows personal data says whose: every RPC whose answer tells of people declares ``personal``, and no other does."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from marshmallow import Schema, fields

from chassis.store import audit
from contracts.audit import SERVICES
from tests.architecture import source

#: A field that says who somebody is, or is of somebody alone.
PERSONAL = {"person_id", "person_ids", "holder", "id_number", "phone"}
#: RPC → why it declares nothing although its answer has such a field.
EXCEPTIONS = {"list_audit": "the audit itself; the gateway notes who has read it, with what was asked (audit_read)"}
#: RPC → why it declares `personal` although no field of its answer says so.
BEHIND = {
    "list_import_rows": "rows lead to affiliations, and those to people",
    "read_import_workbook": "the workbook holds what was uploaded, names and numbers",
    "issue_pass": "a pass is its holder's",
    "issue_ticket": "a ticket is its holder's",
    "erase_person": "what is erased is somebody's",
}


def declared() -> Iterator[tuple[str, str, Any]]:
    """Service, name and declaration of every RPC."""
    for service in source.services():
        module = importlib.import_module(f"services.{service}.service")
        for name, call in source.entrypoints(service).items():
            if source.called(call) in ("command", "query", "disclosure"):
                yield service, name, getattr(module.Service, name).declared


def names(schema: Schema) -> set[str]:
    """The fields of an answer, of its items and of what is nested in them."""
    found: set[str] = set()
    for name, field in schema.fields.items():
        inner = field.inner if isinstance(field, fields.List) else field
        found |= {name} | (names(inner.schema) if isinstance(inner, fields.Nested) else set())
    return found


def is_personal(answer: type[Schema] | None) -> bool:
    found = names(answer()) if answer else set()
    return bool(found & PERSONAL) or any(name.endswith("_masked") for name in found)


def test_every_rpc_that_shows_people_says_whom() -> None:
    silent = {name for _, name, one in declared() if is_personal(one.answer) and one.personal is None}
    assert silent == EXCEPTIONS.keys()
    assert all(len(reason) > 20 for reason in EXCEPTIONS.values())


def test_no_other_rpc_writes_the_audit() -> None:
    """What shows nobody stays as cheap as it was: it commits nothing."""
    behind = {name for _, name, one in declared() if one.personal is not None and not is_personal(one.answer)}
    assert behind <= BEHIND.keys()
    assert all(one.personal for _, name, one in declared() if name in BEHIND)


def test_the_field_named_is_one_of_the_request_or_the_answer() -> None:
    wrong = [
        f"{service}.{name}: {one.personal.field}"
        for service, name, one in declared()
        if one.personal is not None and one.personal.field not in set(one.request().fields) | names(one.answer())
    ]
    assert wrong == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_shows_its_audit(service: str) -> None:
    module = importlib.import_module(f"services.{service}.service")
    assert module.Service.list_audit.declared.use_case is audit.list_audit


def test_the_services_of_the_audit_are_all_there_are() -> None:
    assert sorted(SERVICES) == source.services()
