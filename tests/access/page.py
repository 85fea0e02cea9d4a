"""``docs/access.md``: what each operation answers to whom, written from the routes, the scopes and the matrix.

``python -m tests.access.page`` writes it; ``tests/architecture/test_access_page.py`` holds it fresh.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from deploy.local import demo_keys
from gateway.app import create_app
from gateway.auth.scopes import OF_A_PERSON, SCOPES, TYPES
from gateway.description.operations import Operation
from gateway.settings import GatewaySettings
from tests.access.columns import COLUMNS, Column
from tests.access.matrix import GROUP_OF, IMPOSSIBLE, ROUTES, SCOPE_MISSING, THEIRS, cell
from tests.architecture import source

PAGE = source.ROOT / "docs/access.md"
HEAD = """# Access

Who may do what, by operation. Written by `python -m tests.access.page` from the routes, the scopes and the matrix in
`tests/access/matrix.py`; do not edit it by hand. `tests/access/test_matrix.py` asks a running platform for every cell.

Without a token every operation answers `401 token_missing`. Why:
[ADR 0018](adr/0018-scopes-types-of-clients-and-a-token-per-human.md), [ADR 0019](adr/0019-reach-is-decided-in-talent.md),
[ADR 0021](adr/{reach}).
"""
LEGEND = """## Operations

The record is there, and belongs to a person whom the *own department* reported. Who asks:

| column | stands for |
|---|---|
{columns}

A clerk by a channel (`sub=staff:…`) is answered as a system of the channel's department.

What is answered:

- `200`, `201`, `202`: it is shown, or done. `theirs`: 200, a list of what is theirs, without this record.
- `403`, `404`: refused; the column *refused with* has the code. A `404`, and `theirs` where an id is asked for, is to the byte
  the answer of an id that nobody has.
- `scope`: `403 scope_missing`. `—`: such a client may not hold the scope. A column that would hold nothing else is left out.
"""
_SHORT = {SCOPE_MISSING: "scope", THEIRS: "theirs"}


def page() -> str:
    """The whole page. Raises LookupError for an operation without a line."""
    if missing := sorted(ROUTES.keys() - GROUP_OF.keys()):
        raise LookupError(f"no line in tests/access/matrix.py: {', '.join(missing)}")
    (reach,) = (path.name for path in source.files(".md") if path.name.startswith("0021-"))
    lines = [HEAD.format(reach=reach), "## Types of clients", "", "| type | may hold |", "|---|---|"]
    lines += [f"| {kind} | {' '.join(f'`{one}`' for one in sorted(scopes))} |" for kind, scopes in TYPES.items()]
    carried = " ".join(f"`{one}`" for one in sorted(OF_A_PERSON))
    lines += ["", f"A token for a person carries, of the scopes of its channel, {carried}.", ""]
    lines += ["## Scopes", "", "| scope | allows | 允许 |", "|---|---|---|"]
    lines += [f"| `{scope}` | {en} | {zh} |" for scope, (zh, en) in SCOPES.items()]
    columns = "\n".join(f"| {column.title} | {column.stands_for} |" for column in COLUMNS)
    lines += ["", LEGEND.format(columns=columns)]
    return "\n".join([*lines, *_subjects()])


def _subjects() -> Iterator[str]:
    """A table for each subject, with the columns that may hold its scopes."""
    described = _described()
    methods = [one for path in described["paths"].values() for name, one in path.items() if name != "parameters"]
    texts = {one["operationId"]: one for one in methods}
    for tag in described["tags"]:
        names = [name for name in ROUTES if tag["name"] in texts[name]["tags"]]
        if not names:
            continue
        columns = [one for one in COLUMNS if any(cell(name, one) != IMPOSSIBLE for name in names)]
        titles = ["operation", "scope", *(column.title for column in columns), "refused with", "rule"]
        yield f"### {tag['description']}\n"
        yield f"| {' | '.join(titles)} |"
        yield f"|{'---|' * len(titles)}"
        yield from (_line(ROUTES[name], columns, texts[name]["summary"]) for name in sorted(names, key=_place))
        yield ""


def _place(name: str) -> tuple[str, str]:
    return ROUTES[name].path, ROUTES[name].method


def _line(operation: Operation, columns: Iterable[Column], summary: str) -> str:
    path = re.sub(r"<\w+:(\w+)>", r"{\1}", operation.path)
    cells = [cell(operation.name, column) for column in columns]
    refused = sorted({one for one in cells if " " in one} - _SHORT.keys())
    several = {one for one in refused if sum(one[:3] == other[:3] for other in refused) > 1}
    short = [_SHORT.get(one, one if one in several else one.partition(" ")[0]) for one in cells]
    codes = ", ".join(f"{one[:3]} `{one[4:]}`" for one in refused)
    said = f"`{operation.method} {path}`<br>{summary}"
    scopes = " or ".join(f"`{one}`" for one in (operation.scope, *operation.also))
    return f"| {' | '.join([said, scopes, *short, codes, GROUP_OF[operation.name].rule])} |"


def _described() -> dict[str, Any]:
    """The description the gateway gives of itself; nothing listens where it would call."""
    with tempfile.TemporaryDirectory() as folder:
        demo_keys.make(Path(folder) / "keys")
        app = create_app(
            GatewaySettings(
                database_url="postgresql://nobody@127.0.0.1:1/none",
                amqp_uri="amqp://nobody:none@127.0.0.1:1/",
                bind="127.0.0.1:0",
                public_url="http://gateway.test",
                workers=1,
                key_dir=Path(folder) / "keys",
                is_dev=True,
                call_seconds=1.0,
            )
        )
        return dict(app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict())


if __name__ == "__main__":
    try:
        PAGE.write_text(page(), encoding="utf-8")
    except LookupError as error:
        sys.exit(str(error))
