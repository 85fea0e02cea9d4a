"""LibreOffice shows an annotated workbook as it is meant; a proof, because `make proofs` alone installs LibreOffice."""

from __future__ import annotations

import csv
import subprocess
from pathlib import Path

from deploy.local.packages import find_program
from tests.talent.conftest import City
from tests.talent.imports.importing import Desk, table
from tests.talent.imports.test_job import student


def test_an_annotated_workbook_reads_the_same_in_libreoffice(city: City, tmp_path: Path) -> None:
    desk = Desk(city)
    school = city.rows("select name from organisations where id = :id", id=city.university())[0].name
    found = desk.run(table([student(city, school), student(city, school, 身份="校友", 姓名="=1+1")]))
    shown = [[cell or "" for cell in row] for row in desk.workbook(found).iter_rows(values_only=True)]
    (tmp_path / "roster.xlsx").write_bytes(desk.workbook_file(found))
    program = find_program("soffice")
    assert program is not None, "LibreOffice is missing: `make proofs` installs it"
    as_csv = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false"  # commas, quotes, UTF-8, as shown
    command = [str(program), f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless"]
    command += ["--convert-to", as_csv, "--outdir", str(tmp_path), str(tmp_path / "roster.xlsx")]
    subprocess.run(command, check=True, capture_output=True, timeout=200)
    assert list(csv.reader((tmp_path / "roster.csv").open(encoding="utf-8"))) == shown
