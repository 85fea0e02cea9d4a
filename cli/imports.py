"""``imports upload|follow|list|rows|workbook``: a department's rosters, over HTTP alone."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from cli import api, language, places, printing
from cli.api import Api
from cli.exits import REFUSED, Refused
from cli.language import say
from contracts import imports as contract
from contracts.vocabulary import VERDICTS

ENDED = ("done", "rejected", "failed")
_STEPS = (0.2, 0.5, 1.0, 2.0)

_import_id = click.argument("import_id", metavar="ID", type=click.UUID)


def _known_kind(kind: str) -> str:
    if contract.service_of(kind) is None:
        known = [*contract.KINDS, *(f"{family}.KEY" for family in contract.FAMILIES)]
        raise click.BadParameter(f"{kind!r} is not one of {', '.join(known)}")
    return kind


@click.group()
def imports() -> None:
    """Rosters and registers: send a file, see the result of each row."""


@imports.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option(
    "--kind",
    callback=lambda context, parameter, value: _known_kind(value),
    default="roster",
    show_default=True,
    help="What the file contains: roster, or register.KEY for entries of a register.",
)
@click.option(
    "--mode",
    type=click.Choice(contract.MODES),
    default="best_effort",
    show_default=True,
    help="dry_run writes nothing; best_effort every row that holds; all_or_nothing only a file without a wrong row.",
)
@click.option("--organisation", type=click.UUID, help="For a file without a column that names it.")
@click.option("--key", default=None, help="Idempotency key; the same key never applies a file twice.")
@click.option("--no-follow", is_flag=True, help="Return when the file is accepted; do not wait for the result.")
@printing.as_json
def upload(
    file: Path, kind: str, mode: str, organisation: Any, key: str | None, no_follow: bool, as_json: bool
) -> None:
    """Send FILE (.xlsx or .csv) and follow it to its end."""
    if (size := file.stat().st_size) > contract.MAX_BYTES:
        raise Refused(say("A file may have at most {count} MiB.", count=contract.MAX_BYTES // 2**20), "too_large")
    gateway, key = Api(places.gateway()), key or api.new_key()
    form = {"kind": kind, "mode": mode, **({"organisation_id": str(organisation)} if organisation else {})}
    with _hint_at_key(key), click.progressbar(length=size, label=say("sending"), file=sys.stderr) as bar:
        started = gateway.upload("/v1/imports", file, form, key=key, progress=bar.update)
    if no_follow:
        _print_import(started, as_json=as_json)
    else:
        _end(_followed(gateway, started["id"]), as_json=as_json)


@contextlib.contextmanager
def _hint_at_key(key: str) -> Iterator[None]:
    """When the upload fails, print the key that makes another attempt safe."""
    try:
        yield
    except Exception:
        printing.note(say("To try again without applying it twice: --key {key}", key=key))
        raise


@imports.command()
@_import_id
@printing.as_json
def follow(import_id: Any, as_json: bool) -> None:
    """Watch an import to its end; 0 when it is done, 1 when it was rejected or failed."""
    _end(_followed(Api(places.gateway()), str(import_id)), as_json=as_json)


def _followed(gateway: Api, import_id: str) -> dict[str, Any]:
    """The import once it has ended. Ctrl-C ends the waiting, not the import."""
    path, round_number = f"/v1/imports/{import_id}", 0
    found = dict(gateway.get(path))
    with contextlib.ExitStack() as stack:
        bar: Any = None
        while True:
            total = found["counts"]["total"]
            if bar is None and total:
                shown = click.progressbar(length=total, label=say("applying"), file=sys.stderr)
                bar = stack.enter_context(shown)
            if bar is not None:
                bar.update(_judged(found) - bar.pos)
            if found["state"] in ENDED:
                return found
            time.sleep(_STEPS[min(round_number, len(_STEPS) - 1)])
            round_number += 1
            found = dict(gateway.get(path))


def _judged(found: dict[str, Any]) -> int:
    return sum(found["counts"][verdict] for verdict in VERDICTS)


def _end(found: dict[str, Any], *, as_json: bool) -> None:
    _print_import(found, as_json=as_json)
    if found["counts"]["rejected"] + found["counts"]["differs"] and not as_json:
        printing.note(say("What is wrong, row by row: imports rows {id}", id=found["id"]))
        if found["workbook"]:
            printing.note(say("The file with remarks in it: imports workbook {id}", id=found["id"]))
    if found["state"] != "done":
        click.get_current_context().exit(REFUSED)


def _print_import(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        printing.print_json(found)
        return
    reason = found["reason"]
    printing.print_pairs(
        {
            "import": found["id"],
            "mode": found["mode"],
            "state": found["state"],
            **({"reason": language.pick(reason["zh-CN"], reason["en"])} if reason else {}),
            **{verdict: found["counts"][verdict] for verdict in ("total", *VERDICTS)},
            **(_how_it_was_read(found["reading"]) if found["reading"] else {}),
        }
    )
    inferred = found["reading"]["inferred"] if found["reading"] else []
    for notice in (*found["warnings"], *inferred):
        printing.note(_noticed(notice))


def _how_it_was_read(reading: dict[str, Any]) -> dict[str, object]:
    """Where the rows stood, and which header became which column."""
    form = {"xlsx": "XLSX", "csv": "CSV"}[reading["format"]]
    delimiter = repr(reading["delimiter"]) if reading["delimiter"] else None
    read = [f"{one['header']} → {language.pick(one['zh-CN'], one['en'])}" for one in reading["columns"]]
    return {
        "file form": ", ".join(part for part in (form, reading["sheet"], reading["encoding"], delimiter) if part),
        "header row": reading["header_row"],
        "lines": reading["lines"],
        **({"hidden rows": reading["hidden_rows"]} if reading["hidden_rows"] else {}),
        "columns read": "; ".join(read),
        **({"not read": "; ".join(reading["ignored"])} if reading["ignored"] else {}),
    }


def _noticed(notice: dict[str, Any]) -> str:
    text = language.pick(notice["zh-CN"], notice["en"])
    where = f"{notice['column']}: " if notice["column"] else ""
    rows = ", ".join(map(str, notice.get("rows", ())))
    more = ", …" if len(notice.get("rows", ())) < notice.get("count", 0) else ""
    return where + text + (say(" Rows: {rows}", rows=rows + more) if rows else "")


@imports.command("list")
@click.option("--state", type=click.Choice(contract.STATES), help="Only in this state.")
@printing.as_json
def list_imports(state: str | None, as_json: bool) -> None:
    """Imports of this department, oldest first."""
    found = Api(places.gateway()).pages("/v1/imports", state=state, limit=100)
    if as_json:
        for item in found:
            printing.print_json(item)
        return
    rows = [
        (item["id"], dt.datetime.fromisoformat(item["created_at"]), item["filename"], *_state(item)) for item in found
    ]
    printing.print_table(("import", "created at", "file", "mode", "state", "rows"), rows)


def _state(item: dict[str, Any]) -> tuple[object, ...]:
    return item["mode"], item["state"], item["counts"]["total"]


@imports.command()
@_import_id
@click.option("--verdict", type=click.Choice(VERDICTS), help="Only rows with this verdict.")
@printing.as_json
def rows(import_id: Any, verdict: str | None, as_json: bool) -> None:
    """The verdict on each row; what is wrong with it, without its content."""
    found = Api(places.gateway()).pages(f"/v1/imports/{import_id}/rows", verdict=verdict, limit=200)
    if as_json:
        for item in found:
            printing.print_json(item)
        return
    table = [(item["row"], item["verdict"], _wrong(item["violations"])) for item in found]
    printing.print_table(("row", "verdict", "what is wrong"), table)


def _wrong(violations: list[dict[str, str]]) -> str:
    return "; ".join(
        f"{violation['column']}: {language.pick(violation['zh-CN'], violation['en'])}" for violation in violations
    )


@imports.command()
@_import_id
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Default: import-ID.xlsx")
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
@printing.as_json
def workbook(import_id: Any, output: Path | None, force: bool, as_json: bool) -> None:
    """Download the roster with a remark at every wrong cell. It holds personal data: keep it as you keep the roster."""
    file = output or Path(f"import-{import_id}.xlsx")
    if file.exists() and not force:
        raise Refused(say("{file} is there already; --force overwrites it.", file=file), "exists")
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
            size = Api(places.gateway()).download(f"/v1/imports/{import_id}/workbook", written)
        unfinished.replace(file)
    except OSError as error:
        raise Refused(say("{file} cannot be written: {why}", file=file, why=error.strerror), "not_written") from error
    finally:
        unfinished.unlink(missing_ok=True)
    if as_json:
        printing.print_json({"file": str(file), "bytes": size})
    else:
        click.echo(say("{file}: {size} bytes", file=file, size=size))
