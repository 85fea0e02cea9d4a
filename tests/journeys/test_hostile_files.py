"""Strangers' files are opened at arm's length: each gets a clear verdict, while liveness and the gate keep answering."""

from __future__ import annotations

import datetime as dt
import io
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from examples.rosters import id_number as id_number_of
from tests.journeys import hostile_files
from tests.support.towns import Town


class Watch:
    """Asks talent's liveness and repeats a scan at the gate all the while; keeps the slowest answer."""

    def __init__(self, town: Town, token: str, area: dict[str, Any]) -> None:
        self._gate, self._over = town.gate(area), threading.Event()
        self._scan = {"pass": token, "place_id": area["id"], "nonce": "watch"}
        self._urls = [url for name, (_, url) in town.platform.processes.items() if name.startswith("talent")]
        self.slowest, self.rounds, self.failures = 0.0, 0, list[str]()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        self._thread.join()
        assert self.failures == []
        assert self.rounds > 0
        assert self.slowest < 3

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            started = time.monotonic()
            try:
                for url in self._urls:
                    urllib.request.urlopen(url.replace("/readyz", "/livez"), timeout=5).read()
                assert self._gate.post("/v1/redemptions", self._scan)["outcome"] == "admitted"
            except Exception as error:
                self.failures.append(repr(error))
            self.slowest = max(self.slowest, time.monotonic() - started)
            self.rounds += 1


@pytest.fixture
def watched(town: Town) -> Iterator[tuple[Town, dict[str, Any]]]:
    university, area = town.organisation("university"), town.organisation("scenic_area")
    town.put_set(town.universities_key, [university])
    town.put_set(town.areas_key, [area])
    town.publish_scheme()
    token = town.pass_of(town.await_entitlement(town.student(university)))
    with Watch(town, token, area):
        yield town, university


def send(town: Town, name: str, content: bytes, *, mode: str = "best_effort") -> dict[str, Any]:
    path: Path = town.folder / name
    path.write_bytes(content)
    return town.upload(path, mode=mode)


def rows_of(town: Town, imported: dict[str, Any]) -> list[dict[str, Any]]:
    return list(town.client.get(f"/v1/imports/{imported['id']}/rows", limit=200)["items"])


def test_files_that_explode_when_opened_are_refused(watched: tuple[Town, dict[str, Any]]) -> None:
    town, _ = watched
    for name, content in (("sparse.xlsx", hostile_files.sparse()), ("bomb.xlsx", hostile_files.bomb())):
        assert len(content) < 600_000
        imported = send(town, name, content)
        assert (imported["state"], imported["applied"]) == ("rejected", False)
        # a wide sheet may be detected before it is opened, or by the limits of the process that opens it
        assert imported["reason"]["code"] in ("file_too_large_when_opened", "too_many_columns")
        assert imported["reason"]["zh-CN"] != imported["reason"]["en"]


def test_files_that_are_no_roster_say_why(watched: tuple[Town, dict[str, Any]]) -> None:
    town, _ = watched
    for name, (content, code) in hostile_files.REFUSED.items():
        imported = send(town, name, content)
        assert (name, imported["state"], imported["reason"]["code"]) == (name, "rejected", code)


def test_rows_a_spreadsheet_spoiled_say_what_to_do(watched: tuple[Town, dict[str, Any]]) -> None:
    town, university = watched
    good = id_number_of(dt.date(2003, 5, 5), 901_001)
    rest = [university["name"], "学生", "2024-09-01", ""]
    rows: list[list[object]] = [
        ["张好", "居民身份证", good, "19900009999", *rest],
        ["张数", "居民身份证", 1.4e17, "", *rest],
        ["张文", "居民身份证", "1.40702E+17", "", *rest],
        ["+1+1", "居民身份证", good[:-1] + "9", "", *rest],
        ["=1+1", "居民身份证", good, "", *rest],
        ["张校", "居民身份证", good, "", "没有的大学", "学生", "2024-09-01", ""],
        ["张日", "居民身份证", good, "", university["name"], "学生", "去年秋天", ""],
    ]
    imported = send(town, "spoiled.xlsx", hostile_files.table(rows))
    assert imported["state"] == "done"
    verdicts = {row["row"]: row for row in rows_of(town, imported)}
    codes = {number: [one["code"] for one in row["violations"]] for number, row in verdicts.items()}
    assert verdicts[2]["verdict"] == "accepted"
    assert codes[3] == codes[4] == ["id_number_became_a_number"]
    assert verdicts[5]["verdict"] == "rejected"
    assert codes[6] == ["formula_without_value"]  # a formula is never calculated
    assert codes[7] == ["organisation_unknown"]
    assert codes[8] == ["date_unreadable"]
    assert "文本" in verdicts[3]["violations"][0]["zh-CN"]
    workbook = town.client.send("GET", f"/v1/imports/{imported['id']}/workbook")[2]
    sheet = load_workbook(io.BytesIO(workbook)).active
    assert sheet is not None
    assert sheet.cell(5, 1).value == "'+1+1"
    assert [sheet.cell(row, 9).value for row in (1, 2, 3)] == ["结果", "已接收", "未接收"]


def test_a_chinese_csv_is_read_in_either_encoding(watched: tuple[Town, dict[str, Any]]) -> None:
    town, university = watched
    numbers = [id_number_of(dt.date(2003, 6, day), 902_001) for day in (1, 2)]
    for encoding, number in (("utf-8-sig", numbers[0]), ("gb18030", numbers[1])):
        text = f"学生姓名,身份证号,学校名称,人员类别,入学时间\n欧阳某,{number},{university['name']},学生,2024年9月\n"
        imported = send(town, f"{encoding}.csv", text.encode(encoding))
        assert (encoding, imported["counts"]["accepted"]) == (encoding, 1)


def test_all_or_nothing_means_nothing_when_one_row_is_wrong(watched: tuple[Town, dict[str, Any]]) -> None:
    town, university = watched
    path, _ = town.roster(university, 5)
    book = load_workbook(path)
    assert book.active is not None
    book.active.append(["李错", "居民身份证", "123", "", university["name"], "学生", "2024-09-01", ""])
    book.save(path)
    imported = town.upload(path, mode="all_or_nothing")
    assert (imported["state"], imported["applied"], imported["reason"]["code"]) == ("rejected", False, "rows_rejected")
    assert (imported["counts"]["accepted"], imported["counts"]["rejected"]) == (5, 1)
    assert town.upload(path)["counts"]["accepted"] == 5


@pytest.mark.timeout(420)
def test_twenty_thousand_rows_go_in(watched: tuple[Town, dict[str, Any]]) -> None:
    town, university = watched
    lines = ["姓名,证件号码,学校,身份,入学日期"]
    for n in range(20_000):
        number = id_number_of(dt.date(1990, 1, 1) + dt.timedelta(days=n // 900), 903_000 + n % 900)
        lines.append(f"测试人,{number},{university['name']},学生,2024-09-01")
    path = town.folder / "large.csv"
    path.write_text("\n".join(lines))
    started = town.client.upload("/v1/imports", path, kind="roster", mode="best_effort")
    deadline = time.monotonic() + 360
    while (found := town.client.get(f"/v1/imports/{started['id']}"))["state"] not in ("done", "rejected", "failed"):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert (found["state"], found["counts"]["accepted"]) == ("done", 20_000)
