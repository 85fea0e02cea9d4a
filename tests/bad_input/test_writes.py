"""Every operation that writes: sent again, changed under the same idempotency key, made from an old version or from none."""

from __future__ import annotations

import uuid

from tests.bad_input.routes import LANGUAGES, assert_language
from tests.bad_input.writes import WRITES, City, Write, taken
from tests.support.api import Answer, Api, assert_problem

NOT_KEYS = ("a b, c", "x" * 129, '"open', "é", '"\\x"')
NOT_TAGS = ("v1", '"v1', 'v1"', "1", '"a" "b"', "*, *", "W/", ",")
OLD_TAGS = ('"v999999"', 'W/"v1"', '"elsewhere"', '"é"', '"v0"', '"v1x"', '"v999998", "v999999"')


class Abuses:
    """Sends the story's requests, each with what may go wrong around it."""

    def __init__(self, api: Api) -> None:
        self.api, self.sent = api, set[str]()

    def send(self, write: Write, path: str, body: object, key: str, language: str = "zh-CN", **headers: str) -> Answer:
        sent = {**write.headers, "Idempotency_Key": key, "Accept_Language": language, **headers}
        return self.api.send(write.operation.method, path, body, **sent)  # type: ignore[arg-type]

    def tell(self, write: Write) -> Answer:
        """The request, its repetition, and its abuses; the answer it had."""
        self.sent.add(write.name)
        if write.operation.method in ("PUT", "PATCH"):
            for number, tag in enumerate(NOT_TAGS):
                language = LANGUAGES[number % 2]
                answer = self.send(write, write.path, write.body, uuid.uuid4().hex, language, If_Match=tag)
                assert_problem(answer, 400, "precondition_malformed")
                assert_language(language, answer)
        for number, key in enumerate(NOT_KEYS):
            answer = self.send(write, write.path, write.body, key, LANGUAGES[number % 2])
            assert_problem(answer, 400, "idempotency_key_malformed")
            assert_language(LANGUAGES[number % 2], answer)
        key = uuid.uuid4().hex
        accepted = taken(self.api, write, key)
        assert "Idempotency-Replayed" not in accepted.headers
        self._again(write, key, accepted)
        if write.operation.method in ("PUT", "PATCH"):
            self._from_an_old_version(write, accepted)
        return accepted

    def _again(self, write: Write, key: str, accepted: Answer) -> None:
        again = self.send(write, write.path, write.body, f'"{key}"')
        assert (again.status < 300, again.json) == (True, accepted.json), write.name
        assert again.headers["Idempotency-Replayed"] == "true", write.name
        path, body = write.another
        for language in LANGUAGES:
            answer = self.send(write, path, body, key, language)
            assert_problem(answer, 422, "chassis.idempotency_key_reused")
            assert_language(language, answer)

    def _from_an_old_version(self, write: Write, accepted: Answer) -> None:
        now = accepted.headers["ETag"]
        for number, tag in enumerate(OLD_TAGS):
            language = LANGUAGES[number % 2]
            stale = self.send(write, write.path, write.other, uuid.uuid4().hex, language, If_Match=tag)
            assert_problem(stale, 412, "chassis.version_stale")
            assert stale.headers["ETag"] == now
            assert_language(language, stale)
        for language in LANGUAGES:
            answer = self.send(write, write.path, write.other, uuid.uuid4().hex, language, If_Match="")
            assert_problem(answer, 428, "precondition_required")
            assert_language(language, answer)
        key = uuid.uuid4().hex
        changed = self.send(write, write.path, write.body, key, If_Match="*")
        assert changed.status == 200, changed.body
        assert self.send(write, write.path, write.body, key, If_Match="*").json == changed.json


def test_every_operation_that_writes_keeps_its_keys_and_versions(api: Api) -> None:
    abuses = Abuses(api)
    City(api).live(abuses.tell)
    assert abuses.sent == WRITES.keys()
