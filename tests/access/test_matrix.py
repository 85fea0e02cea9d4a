"""Every cell of the matrix of access, asked for over HTTP; and what is outside reach is answered as what is not there.

Each operation is asked first by those it refuses, then by those it lets in.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from deploy.local.throwaway import eventually
from examples.client import Client
from gateway.auth.clients import ClientProblem
from gateway.auth.scopes import OF_A_PERSON, SCOPES, TYPES
from tests.access import columns
from tests.access.columns import COLUMNS, Column
from tests.access.matrix import GROUP_OF, IMPOSSIBLE, ROUTES, SCOPE_MISSING, THEIRS, cell
from tests.access.requests import Sent, request
from tests.access.town import NOT_YET, Town
from tests.bad_input.routes import Document, query_of
from tests.support.api import Answer, Api, without_occasion

#: What everybody may know to be there: the list of its registrations is answered to whoever asks for their own.
KNOWN_TO_ALL = {"list_registrations_of_activity"}
#: Ids of the person, and of what is theirs.
PERSONAL = (
    *("person_id", "affiliation_id", "import_id", "entitlement_id", "redemption_id", "registration_id"),
    *("message_id", "delivery_id"),
)


class Asking:
    """Asks for cells; a client for every column."""

    def __init__(self, town: Town) -> None:
        self.town, self.clients = town, town.clients()
        self.api = Api(town.url, town.own)
        self.without: dict[str, Client] = {}

    def client(self, name: str, column: Column) -> Client:
        if column is not columns.NONE:
            return self.clients[column]
        scope = str(ROUTES[name].scope)
        key = "registry:read" if scope == "registry:read" else "any"
        if key not in self.without:
            self.without[key] = self.town.without(scope)
        return self.without[key]

    def found(self, name: str, client: Client, expected: str) -> str:
        """The cell as it is answered."""
        sent = request(self.town, name, is_let_in=expected[0] == "2")

        def settled() -> Answer | None:
            answer = sent.to(self.api, client)
            is_early = answer.status in (403, 409) and answer.json["code"] in NOT_YET
            return None if is_early and expected[0] == "2" else answer

        answer = eventually(settled, what=f"{name} known everywhere")
        if answer.status >= 400:
            return f"{answer.status} {answer.json['code']}"
        return str(answer.status) if self._shows(sent, answer, client) else THEIRS

    def _shows(self, sent: Sent, answer: Answer, client: Client) -> bool:
        """Whether a list has the record in one of its pages; what is no list does."""
        while sent.shows is not None and sent.shows.encode() not in _items(answer):
            cursor = answer.json.get("next_cursor")
            if cursor is None:
                return False
            begun = sent.path.partition("&cursor=")[0]
            sent = sent._replace(path=f"{begun}{'&' if '?' in begun else '?'}cursor={cursor}")
            answer = sent.to(self.api, client)
        return True


def _items(answer: Answer) -> bytes:
    assert answer.status == 200, answer.body
    return json.dumps(answer.json["items"]).encode()


def refused_first(row: dict[Column, str]) -> list[tuple[Column, str]]:
    return sorted(row.items(), key=lambda one: one[1][0] == "2")


@pytest.fixture(scope="module")
def document(asking: Asking) -> Document:
    """The description the platform gives of itself."""
    return Document(asking.api.send("GET", "/openapi.json", token="").json)


@pytest.fixture(scope="module")
def asking(made_town: Town) -> Asking:
    return Asking(made_town)


@pytest.mark.parametrize("name", GROUP_OF)
def test_an_operation_answers_what_its_line_says(asking: Asking, name: str) -> None:
    row = {column: cell(name, column) for column in COLUMNS}
    found = {
        column: asking.found(name, asking.client(name, column), expected)
        for column, expected in refused_first(row)
        if expected != IMPOSSIBLE
    }
    assert _titled(found) == _titled({column: row[column] for column in found})


def _titled(row: dict[Column, str]) -> dict[str, str]:
    return {column.title: row[column] for column in COLUMNS if column in row}


@pytest.mark.parametrize("name", GROUP_OF)
def test_who_may_not_hold_the_scope_is_refused_for_want_of_it(asking: Asking, name: str) -> None:
    impossible = [column for column in COLUMNS if cell(name, column) == IMPOSSIBLE]
    found = {column: asking.found(name, asking.client(name, column), SCOPE_MISSING) for column in impossible}
    assert _titled(found) == _titled(dict.fromkeys(impossible, SCOPE_MISSING))


@pytest.mark.parametrize("name", GROUP_OF)
def test_a_clerk_by_a_channel_is_answered_as_the_department(asking: Asking, name: str) -> None:
    """The channel is of a foreign department, so the clerk is foreign too."""
    is_possible = ROUTES[name].scope in TYPES["channel"]
    expected = cell(name, columns.FOREIGN) if is_possible else SCOPE_MISSING
    assert asking.found(name, asking.town.clerk(), expected) == expected


def hidden(name: str) -> list[Column]:
    """Who is to see no difference between the record and none."""
    answers = ("404",) if name in KNOWN_TO_ALL else ("404", THEIRS)
    return [column for column in COLUMNS if cell(name, column).startswith(answers)]


@pytest.mark.parametrize("name", [name for name in GROUP_OF if hidden(name)])
def test_outside_reach_the_answer_is_that_of_an_unknown_id_to_the_byte(asking: Asking, name: str) -> None:
    sent = request(asking.town, name, is_let_in=False)
    if sent.about is None:
        assert cell(name, columns.FOREIGN) == THEIRS  # a list of all that is one's own: no id is asked for
        return
    unknown = sent.of(str(uuid.uuid4()))
    for column in hidden(name):
        client = asking.client(name, column)
        known, none = (essence(asking, one, client) for one in (sent, unknown))
        assert known == none, column.title


def essence(asking: Asking, sent: Sent, client: Client) -> Any:
    """All of an answer but the id asked for, and what names the request."""
    return without_occasion(sent.to(asking.api, client), asked=str(sent.about))


@pytest.mark.parametrize("name", [name for name, operation in ROUTES.items() if operation.method == "GET"])
def test_no_filter_of_a_list_shows_what_is_outside_reach(asking: Asking, document: Document, name: str) -> None:
    """Whatever else it can be asked by, and without any filter."""
    town = asking.town
    plain = request(town, name, is_let_in=False)
    filters = [one for one in query_of(ROUTES[name], document) if one in town.ids]
    for column in (columns.FOREIGN, columns.ANOTHER):
        if cell(name, column)[0] != "2" and not filters:
            continue
        for query in ("", *(f"?{one}={town.ids[one]}" for one in filters)):
            sent = plain._replace(path=plain.path.partition("?")[0] + query)
            shown = sent.to(asking.api, asking.client(name, column)).body
            found = {field for field in PERSONAL if town.ids[field].encode() in shown}
            assert found <= {query[1:].partition("=")[0]}, (column.title, sent.path)  # a refusal names its own address


class TestWhatATypeOfClientMayHold:
    @pytest.mark.parametrize("kind", TYPES)
    def test_a_client_is_registered_with_no_other_scope(self, made_town: Town, kind: str) -> None:
        bound_to = [made_town.ids["place_id"]] if kind == "device" else []
        for scope in sorted(SCOPES.keys() - TYPES[kind]):
            with pytest.raises(ClientProblem):
                made_town.platform.client("refused", "some_department", scope, type=kind, bound_to=bound_to)

    def test_a_token_for_a_person_carries_no_other_scope(self, made_town: Town) -> None:
        api, person = Api(made_town.url, made_town.own), made_town.app.for_person(made_town.ids["person_id"])
        form = "&".join(f"{name}={value}" for name, value in person._grant.items())
        headers = {
            "Authorization": f"Basic {person._credentials}",
            "Content_Type": "application/x-www-form-urlencoded",
        }
        answer = api.send("POST", "/oauth/token", form, token="", **headers)
        assert set(answer.json["scope"].split()) == TYPES["channel"] & OF_A_PERSON
