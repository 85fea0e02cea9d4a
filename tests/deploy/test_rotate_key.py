"""A key is changed step by step: what was sealed, found or signed with the one before is read until that is dropped."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from chassis.keys.rings import FieldCipher, KeyProblem, LookupHash, read_keyring
from deploy.local import demo_keys
from gateway.auth.tokens import Tokens
from tests.architecture import source


def type_(*arguments: str | Path) -> str:
    """The guide's command; raises CalledProcessError when it refuses."""
    command = [sys.executable, "-m", "deploy.rotate_key", *map(str, arguments)]
    return subprocess.run(command, cwd=source.ROOT, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    demo_keys.make(tmp_path / "keys", is_demo=False)
    return tmp_path / "keys"


class TestAKeyring:
    def test_reads_with_both_and_seals_with_the_one_in_use(self, keys: Path) -> None:
        file = keys / "id_encryption.json"
        sealed = FieldCipher(read_keyring(keys, "id_encryption", is_dev=False)).seal("13800138000", row="1", column="p")
        key_id = type_("add", file)
        assert read_keyring(keys, "id_encryption", is_dev=False).current == "first"
        type_("use", file, key_id)
        ring = read_keyring(keys, "id_encryption", is_dev=False)
        assert ring.current == key_id
        assert FieldCipher(ring).open(sealed, row="1", column="p") == "13800138000"
        assert key_id.encode() in FieldCipher(ring).seal("x", row="1", column="p")
        type_("drop", file, "first")
        with pytest.raises(KeyProblem):
            FieldCipher(read_keyring(keys, "id_encryption", is_dev=False)).open(sealed, row="1", column="p")

    def test_finds_by_both(self, keys: Path) -> None:
        before = LookupHash(read_keyring(keys, "id_lookup", is_dev=False)).of("1407", column="p")
        type_("use", keys / "id_lookup.json", type_("add", keys / "id_lookup.json"))
        after = LookupHash(read_keyring(keys, "id_lookup", is_dev=False))
        assert after.of("1407", column="p") != before
        assert before in after.all_of("1407", column="p")

    def test_stays_its_owners_alone_and_whole(self, keys: Path) -> None:
        file = keys / "cursor.json"
        before = file.stat()
        type_("add", file)
        after = file.stat()
        assert (after.st_mode & 0o777, after.st_uid) == (0o600, before.st_uid)
        assert [path.name for path in keys.iterdir() if not path.name.endswith(".json")] == []

    def test_keeps_its_current_key_and_knows_what_it_has(self, keys: Path) -> None:
        file = keys / "cursor.json"
        content = file.read_text()
        for refused in (("drop", file, "first"), ("use", file, "another"), ("drop", file, "another")):
            with pytest.raises(subprocess.CalledProcessError):
                type_(*refused)
        assert file.read_text() == content


class TestASigningKey:
    def test_signs_with_the_one_in_use_and_publishes_both(self, keys: Path) -> None:
        file = keys / "token_signing.json"
        key_id = type_("add", file)
        type_("use", file, key_id)
        content = json.loads(file.read_text())
        assert [key["kid"] for key in content["keys"]] == ["token_signing-first", key_id]
        tokens = Tokens.from_file(file, is_dev=False, issuer="https://youth.example.cn")
        published = {key["kid"] for key in json.loads(tokens.public_keys())["keys"]}
        assert published == {"token_signing-first", key_id}
        type_("drop", file, "token_signing-first")
        assert len(json.loads(file.read_text())["keys"]) == 1
