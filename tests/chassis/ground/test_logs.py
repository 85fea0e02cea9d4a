"""What a log line looks like and what never stands in it."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from chassis.ground import logs, tracing

ID_NUMBER, PHONE, EMAIL = "14070219990101123X", "13812345678", "zhang.san@example.cn"
TOKEN = "eyJhbGciOiJFZDI1NTE5In0.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """The lines logged so far, read back from JSON; the set-up of the test run is restored afterwards."""
    output = io.StringIO()
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    monkeypatch.setattr("sys.stdout", output)
    logs.configure(service="perks")
    yield lambda: [json.loads(line) for line in output.getvalue().splitlines()]
    root.handlers[:], root.level = before
    structlog.reset_defaults()


class TestLine:
    def test_is_one_json_object_whoever_logs(self, lines: Lines) -> None:
        logging.getLogger("a.library").warning("%d seconds\nlate", 3)
        structlog.get_logger("ours").info("granted", count=2)
        library, ours = lines()
        assert (library["event"], library["level"], library["logger"]) == ("3 seconds\nlate", "warning", "a.library")
        assert (ours["event"], ours["count"]) == ("granted", 2)
        assert {"perks"} == {line["service"] for line in lines()}
        assert all(line["timestamp"].endswith("Z") for line in lines())

    def test_names_the_trace_and_the_request_it_belongs_to(self, lines: Lines) -> None:
        traceparent = tracing.new_traceparent()
        with tracing.bound({"traceparent": traceparent, "youthcity.request_id": "r-1"}):
            logging.getLogger("x").warning("inside")
        logging.getLogger("x").warning("outside")
        inside, outside = lines()
        assert (inside["trace_id"], inside["request_id"]) == (tracing.trace_id(traceparent), "r-1")
        assert not {"trace_id", "request_id"} & outside.keys()


class TestRedaction:
    @pytest.mark.parametrize(
        ("written", "read"),
        [
            (f"id {ID_NUMBER}.", "id [id number]."),
            ("身份证140702199901011234已存在", "身份证[id number]已存在"),
            (f"tel {PHONE}, +86{PHONE}", "tel [phone], [phone]"),
            (f"mail {EMAIL}!", "mail [e-mail]!"),
            ("Authorization: Bearer abc.def-_~+/=", "Authorization: Bearer [token]"),
            (f"pass={TOKEN}", "pass=[token]"),
            ("amqp://talent:s3cret@broker:5672/", "amqp://talent:[password]@broker:5672/"),
            ("Key exists\nDETAIL:  Key (name)=(张三\n李四) exists\n[SQL: x]", "Key exists\nDETAIL: [hidden]\n[SQL: x]"),
        ],
    )
    def test_blots_out_personal_data_and_secrets(self, written: str, read: str) -> None:
        assert logs.redact(written) == read

    @pytest.mark.parametrize(
        "harmless",
        ["2026-11-23T08:00:00.123456Z", "1763884800000", "01a208a7-4da6-7789-ba02-584fcea204a7", "40 areas, 19 in all"],
    )
    def test_leaves_the_rest_alone(self, harmless: str) -> None:
        assert logs.redact(harmless) == harmless

    @pytest.mark.parametrize(
        "piece", ["a", "1", ".", "-", "eyJ", "a@", "a.@", "bearer ", "://a:", "DETAIL:", "+86", "a@b-"]
    )
    def test_takes_no_longer_than_the_text_is_long(self, piece: str) -> None:
        started = time.perf_counter()
        for _ in range(20):
            logs.redact(piece * (60_000 // len(piece)))
        assert time.perf_counter() - started < 4  # seconds; 20 s each where it was quadratic

    @pytest.mark.parametrize("value", [ID_NUMBER, PHONE, EMAIL])
    def test_cuts_before_it_looks_and_leaves_no_half_of_a_number(self, value: str) -> None:
        for at in range(len(value) + 1):
            shown = logs.redact("x " * ((logs.LONGEST - at) // 2) + " " * (at % 2) + value + " z" * 9_000)
            assert len(shown) < logs.LONGEST + 40
            assert not any(value[:size] in shown for size in range(5, len(value) + 1)), at

    def test_reaches_into_values_and_exceptions(self, lines: Lines) -> None:
        log = structlog.get_logger("x")
        log.info(
            "seen",
            people=[{"contact": PHONE, "number": 140702199901011234}, (EMAIL,)],
            by_phone={PHONE: 1},
            count=7,
            ratio=0.5,
            nothing=None,
        )
        try:
            raise ValueError(f"unknown person {ID_NUMBER}")
        except ValueError:
            log.exception("failed")
        seen, failed = lines()
        assert seen["people"] == [{"contact": "[phone]", "number": "[id number]"}, ["[e-mail]"]]
        assert (seen["count"], seen["ratio"], seen["nothing"]) == (7, 0.5, None)
        assert "unknown person [id number]" in failed["exception"]
        everything = json.dumps(lines(), ensure_ascii=False)
        assert not [secret for secret in (ID_NUMBER, PHONE, EMAIL) if secret in everything]

    @pytest.mark.parametrize(
        "name",
        ["client_secret", "access_token", "Authorization", "password", "id_number", "phone_masked", "private_key"],
    )
    def test_hides_whatever_a_telling_name_holds(self, lines: Lines, name: str) -> None:
        structlog.get_logger("x").info("seen", **{name: "plain words"}, nested={name: {"a": 1}})
        (line,) = lines()
        assert line[name] == line["nested"][name] == "[redacted]"

    def test_says_of_a_database_error_neither_parameters_nor_the_row(self, lines: Lines, engine: Engine) -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql("create table people (name text primary key, code text not null)")
        insert = text("insert into people values (:name, :code)")
        for code in ("a", "b", None):
            try:
                with engine.begin() as connection:
                    connection.execute(insert, {"name": "王小明", "code": code})
            except IntegrityError as error:
                logging.getLogger("x").error("failed", exc_info=error)
                logging.getLogger("x").error("failed: %r", error)
        assert len(lines()) == 4
        everything = json.dumps(lines(), ensure_ascii=False)
        assert "people_pkey" in everything, "what is wrong is still logged"
        assert "王小明" not in everything
