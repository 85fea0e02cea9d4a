"""``city check|diff|apply|export``: a city's pack, in files and on the platform."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from cli import places, printing
from cli.city import exporting
from cli.city.checking import check as check_pack
from cli.city.comparing import SAME, Comparison, Step, waiting
from cli.city.governing import Governing
from cli.city.mistakes import Mistake, Remark
from cli.city.reading import Pack
from cli.city.writing import toml
from cli.exits import REFUSED, Refused
from cli.language import say

_folder = click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))


@click.group()
def city() -> None:
    """A city's pack: its programmes, sets, schemes and messages as files."""


@city.command()
@_folder
@printing.as_json
def check(folder: Path, as_json: bool) -> None:
    """Read the pack in DIR and name every mistake: the file, the key, and what to write instead."""
    pack, mistakes, remarks = check_pack(folder)
    _print_found(mistakes, remarks, as_json=as_json)
    if mistakes:
        click.get_current_context().exit(REFUSED)
    if not as_json:
        figures = sum(1 for _ in pack.each("figures"))
        found = say(
            "The pack holds: {programmes} programmes, {figures} figures.",
            programmes=len(pack.programmes),
            figures=figures,
        )
        click.echo(found)


@city.command()
@_folder
@printing.as_json
def diff(folder: Path, as_json: bool) -> None:
    """Compare the pack in DIR with the platform; changes nothing."""
    pack = _checked(folder)
    comparison = Comparison(Governing(places.gateway()), pack)
    _print_steps(comparison.changes, as_json=as_json)
    for what, key in comparison.only_there():
        if as_json:
            printing.print_json({"action": "left", "what": what, "key": key})
        else:
            click.echo(say("On the platform alone, left as it is: {what} {key}", what=say(what), key=key))
    _print_rest(pack, comparison, as_json=as_json)


@city.command()
@_folder
@printing.as_json
def apply(folder: Path, as_json: bool) -> None:
    """Write the pack in DIR to the platform: first what would change, then each change, on condition that nobody was faster."""
    pack = _checked(folder)
    comparison = Comparison(Governing(places.gateway()), pack)
    _print_steps(comparison.changes, as_json=as_json)
    for number, step in enumerate(comparison.changes, 1):
        _do(step)
        printing.note(f"{number}/{len(comparison.changes)} {say(step.action)} {say(step.what)} {step.key}")
    _print_rest(pack, comparison, as_json=as_json)


def _do(step: Step) -> None:
    """Write one thing; a refusal says which."""
    if step.do is None:
        return
    try:
        step.do()
    except Refused as refusal:
        raise Refused(f"{say(step.what)} {step.key}: {refusal.message}", refusal.code) from refusal


@city.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--of",
    "like",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A pack: its files, with what the platform holds of it. Without one, all that the platform lists.",
)
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
@printing.as_json
def export(folder: Path, like: Path | None, force: bool, as_json: bool) -> None:
    """Write what the platform holds to DIR, as a pack."""
    if not force and folder.exists() and any(folder.iterdir()):
        raise Refused(say("{folder} is not empty; --force overwrites it.", folder=folder), "exists")
    api = Governing(places.gateway())
    documents = exporting.alone(api) if like is None else exporting.by_pack(api, _checked(like))
    for name, document in documents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(toml(document), encoding="utf-8")
        if as_json:
            printing.print_json({"file": str(folder / name)})
    if not as_json:
        click.echo(say("{count} files are in {folder}.", count=len(documents), folder=folder))


def _checked(folder: Path) -> Pack:
    """The pack, where it holds. Raises Refused, with every mistake on standard error."""
    pack, mistakes, _ = check_pack(folder)
    for mistake in mistakes:
        printing.note(mistake.line)
    if mistakes:
        raise Refused(say("The pack has {count} mistakes; nothing was sent.", count=len(mistakes)), "pack_invalid")
    return pack


def _print_found(mistakes: list[Mistake], remarks: list[Remark], *, as_json: bool) -> None:
    for mistake in mistakes:
        if as_json:
            printing.print_json({"kind": "mistake", **asdict(mistake)})
        else:
            click.echo(mistake.line)
    for remark in remarks:
        if as_json:
            printing.print_json({"kind": "remark", **asdict(remark)})
        else:
            printing.note(say("Note: {line}", line=remark.line))


def _print_steps(steps: list[Step], *, as_json: bool) -> None:
    if as_json:
        for step in steps:
            printing.print_json({"action": step.action, "what": step.what, "key": step.key, "differs": step.differs})
    elif steps:
        rows = [(say(step.action), say(step.what), step.key, ", ".join(step.differs)) for step in steps]
        printing.print_table(("action", "what", "key", "differing"), rows)


def _print_rest(pack: Pack, comparison: Comparison, *, as_json: bool) -> None:
    """What waits for a mechanism, then how much of the pack is there."""
    found = [*waiting(pack)]
    if as_json:
        for one in found:
            printing.print_json({"action": "waiting", "what": one.mechanism, "key": one.source, "keys": one.keys})
        return
    click.echo(say("Waiting for a mechanism the platform does not have yet:"))
    rows = [
        (one.source, one.words.chosen, ", ".join(one.keys[:6]) + (" …" if len(one.keys) > 6 else "")) for one in found
    ]
    printing.print_table(("file", "mechanism", "keys"), rows)
    _print_sum(comparison)


def _print_sum(comparison: Comparison) -> None:
    same = sum(step.action == SAME for step in comparison.steps)
    changes = len(comparison.changes)
    if changes:
        click.echo(say("{changes} changes; {same} things are as the pack says.", changes=changes, same=same))
    else:
        click.echo(say("Nothing to change: {same} things are as the pack says.", same=same))
