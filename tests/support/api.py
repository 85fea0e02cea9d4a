"""Requests to the gateway that may fail, and what a refusal must look like."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from typing import Any

from examples.client import Client
from gateway.description.operations import Operation

SOME_ID = "01890000-0000-7000-8000-000000000000"
#: Header fields of the moment and the connection, not of the record.
VARYING = {"Date", "X-Request-Id", "traceparent", "RateLimit"}
_TRACE_ID = re.compile(rb'"trace_id": ?"[0-9a-f]*"')


@dataclass
class Answer:
    """Any answer, refusals too."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Api:
    """Sends requests as they are, well-formed or not."""

    def __init__(
        self,
        url: str,
        client: Client,
        *,
        operator: Client | None = None,
        auditor: Client | None = None,
        app: Client | None = None,
    ) -> None:
        self.url, self.client, self.app = url, client, app
        self._others = {"/v1/deliveries": operator, "/v1/audit": auditor}
        #: The person whose inbox and preferences are read, by the app.
        self.themselves: Client | None = None

    def act_for(self, person_id: str) -> None:
        """From now on inbox and preferences are read by this person."""
        assert self.app is not None
        self.themselves = self.app.for_person(person_id)

    def client_for(self, path: str) -> Client:
        """The client of a path: deliveries are an operator's, the audit is an auditor's, inbox and preferences the person's."""
        if self.themselves and (path.startswith("/v1/messages") or "/preferences" in path):
            return self.themselves
        other = next((one for start, one in self._others.items() if path.startswith(start)), None)
        return other or self.client

    def send(
        self,
        method: str,
        path: str,
        body: bytes | str | dict[str, Any] | None = None,
        *,
        token: str | None = None,
        **headers: str,
    ) -> Answer:
        sent = {"Authorization": f"Bearer {self.client_for(path)._bearer() if token is None else token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(body, dict):
            body = json.dumps(body)
        data = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
        if data is not None and "Content-Type" not in sent:
            sent["Content-Type"] = "application/json"
        request = urllib.request.Request(self.url + path, data, {k: v for k, v in sent.items() if v}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())


def without_occasion(answer: Answer, *, asked: str) -> tuple[int, list[str], bytes]:
    """Status, headers and body to the byte, but for the id asked for, and for what names the request and the moment."""
    headers = sorted(f"{name}: {value}" for name, value in answer.headers.items() if name not in VARYING)
    body = _TRACE_ID.sub(b"", answer.body.replace(asked.encode(), b"{}"))
    return answer.status, headers, body


def path_of(operation: Operation) -> str:
    """An address of the operation, of a record that is not there."""
    return re.sub(r"<[^>]+>", lambda part: SOME_ID if "uuid" in part[0] else "some-key", operation.path)


def assert_problem(answer: Answer, status: int, code: str) -> None:
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    body = answer.json
    assert (body["status"], body["code"]) == (status, code)
    assert {"type", "title", "detail", "instance", "trace_id", "retryable"} <= body.keys()
