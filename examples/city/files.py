"""The files of the demo city's departments: what is in one, and writing it as the department would, XLSX or CSV.

Not here: what each department has on record (a module for each), sending the files (``sending``).
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter

SEED = 20231027
#: An invented name says so, as in the pack.
INVENTED = "（虚构）"
#: The words before the county's code.
COUNTIES = ("140702", "140703", "140721", "140725", "140727", "140728", "140729", "140781")


@dataclass(frozen=True)
class File:
    """One file for an import of `kind`; `name` ends in .xlsx, or in .csv for text in GB18030."""

    kind: str
    name: str
    headers: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def write(self, folder: Path) -> Path:
        """Write it into `folder`; the same rows give the same bytes."""
        path = folder / self.name
        if path.suffix == ".csv":
            text = io.StringIO(newline="")
            csv.writer(text).writerows((self.headers, *self.rows))
            path.write_bytes(text.getvalue().encode("gb18030"))
        else:
            self._write_workbook(path)
        return path

    def _write_workbook(self, path: Path) -> None:
        workbook = xlsxwriter.Workbook(path)
        workbook.set_properties({"title": f"{path.stem}{INVENTED}", "created": dt.datetime(2023, 10, 27)})
        sheet = workbook.add_worksheet("报送")
        text, bold = workbook.add_format({"num_format": "@"}), workbook.add_format({"bold": True})
        sheet.write_row(0, 0, self.headers, bold)
        sheet.set_column(0, len(self.headers) - 1, 20)
        for number, row in enumerate(self.rows, start=1):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell, text)
        workbook.close()


def day_of(number: int, *, first: str = "2023-01-09", last: str = "2023-10-20") -> str:
    """A day of record `number`, always the same, from `first` to `last`."""
    begin, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    choose = random.Random(f"{SEED}/{first}/{last}/{number}")
    return (begin + dt.timedelta(days=choose.randint(0, (end - begin).days))).isoformat()


def county_of(number: int) -> str:
    """A county of record `number`, always the same."""
    return COUNTIES[number % len(COUNTIES)]
