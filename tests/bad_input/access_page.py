"""``docs/access.md``: what each operation answers to whom, written from the routes, the scopes and the tested answers.

``python -m tests.bad_input.access_page`` writes it; ``tests/architecture/test_access_page.py`` holds it fresh.
"""

from __future__ import annotations

from gateway.auth.scopes import OF_A_PERSON, SCOPES, TYPES
from gateway.description.operations import Operation
from tests.architecture import source
from tests.bad_input.test_departments import IN_REACH, OF_ITS_OWN, OWNED, ROUTES, SHARED

PAGE = source.ROOT / "docs/access.md"
HEAD = """# Access

Who may do what, by operation. Written by `python -m tests.bad_input.access_page` from the routes, the scopes and the answers that
`tests/bad_input/test_departments.py` and `tests/journeys/test_reach.py` check; do not edit it by hand.

Without a token every operation answers `401 token_missing`, without its scope `403 scope_missing`. *Another department* holds the
scope, but has neither reported the person nor made the record. Why:
[ADR 0018](adr/0018-scopes-types-of-clients-and-a-token-per-human.md), [ADR 0019](adr/0019-reach-is-decided-in-talent.md),
[ADR 0021](adr/{reach}).
"""


def page() -> str:
    """The whole page."""
    (reach,) = (path.name for path in source.files(".md") if path.name.startswith("0021-"))
    lines = [HEAD.format(reach=reach), "## Types of clients", "", "| type | may hold |", "|---|---|"]
    lines += [f"| {kind} | {' '.join(f'`{one}`' for one in sorted(scopes))} |" for kind, scopes in TYPES.items()]
    carried = " ".join(f"`{one}`" for one in sorted(OF_A_PERSON))
    lines += ["", f"A token for a person carries, of the scopes of its channel, {carried}.", ""]
    lines += ["## Scopes", "", "| scope | allows | 允许 |", "|---|---|---|"]
    lines += [f"| `{scope}` | {en} | {zh} |" for scope, (zh, en) in SCOPES.items()]
    lines += ["", "## Operations", "", "| operation | scope | another department | a person |", "|---|---|---|---|"]
    lines += [_line(ROUTES[name]) for name in sorted(ROUTES, key=lambda name: (ROUTES[name].path, ROUTES[name].method))]
    return "\n".join(lines) + "\n"


def _line(operation: Operation) -> str:
    path = operation.path.replace("<uuid:", "{").replace("<slug:", "{").replace(">", "}")
    to_a_person = "their own" if operation.scope in OF_A_PERSON else "—"
    return f"| `{operation.method} {path}` | `{operation.scope}` | {_to_another(operation.name)} | {to_a_person} |"


def _to_another(name: str) -> str:
    if name in OWNED:
        status, code = OWNED[name]
        return f"{status} `{code}`"
    if name in IN_REACH:
        return "404 outside reach, as for an unknown id"
    if name in OF_ITS_OWN:
        return "its own"
    return (
        "the same: the scope is the permission" if name in SHARED else "not said yet: a line in `test_departments.py`"
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
