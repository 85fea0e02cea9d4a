"""What must not stand in the repository: places on somebody's machine, registries, secrets, big files."""

from __future__ import annotations

import re

from tests.architecture import source

BIGGEST_BYTES = 500_000
#: Written apart, so that this file does not find itself.
MACHINE_PATHS = re.compile(
    "|".join([r"/wo" + r"rk/", r"/ro" + r"ot/", r"/ho" + r"me/\w", r"/Us" + r"ers/\w", r"\.pye" + r"nv"])
)
REGISTRIES = re.compile(
    "|".join([r"py" + r"pi\.", r"pythonho" + r"sted", r"npm" + r"js", r"deb\.deb" + r"ian", r"--index" + r"-url"])
)
SECRETS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE " + r"KEY-----|AKIA" + r"[0-9A-Z]{16}")


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in source.files():
        try:
            content = source.text(path)
        except UnicodeDecodeError:
            continue
        found += [f"{path}:{n}" for n, line in enumerate(content.splitlines(), 1) if pattern.search(line)]
    return found


class TestRepository:
    def test_names_no_place_on_a_machine(self) -> None:
        assert lines_with(MACHINE_PATHS) == []

    def test_names_no_package_registry(self) -> None:
        assert lines_with(REGISTRIES) == []

    def test_holds_no_private_key(self) -> None:
        assert lines_with(SECRETS) == []

    def test_holds_no_big_file(self) -> None:
        assert [str(path) for path in source.files() if (source.ROOT / path).stat().st_size > BIGGEST_BYTES] == []

    def test_pins_every_package_to_one_version(self) -> None:
        locks = source.files(".lock")
        assert len(locks) > 1
        for lock in locks:  # `test_dependencies` looks at the hashes
            named = re.findall(r"^([A-Za-z0-9._-]+)==[A-Za-z0-9.+!]+ \\$", source.text(lock), re.MULTILINE)
            entries = [line for line in source.text(lock).splitlines() if not line.startswith(" ")]
            assert len(set(named)) == len(entries) > 0
