"""Keys: read only when safe, fields sealed to their place, values found by hash, a wrong key refused at the door."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from chassis.keys.rings import FieldCipher, KeyProblem, KeyRing, LookupHash, check_canary, read_keyring
from chassis.store.work import open_work

OLD, NEW = b"o" * 32, b"n" * 32
RING = KeyRing("id_encryption", "2026a", {"2026a": OLD})
ROTATED = KeyRing("id_encryption", "2026b", {"2026a": OLD, "2026b": NEW})


def write(folder: Path, content: Any, *, mode: int = 0o600) -> Path:
    path = folder / "id_encryption.json"
    path.touch(mode=0o600)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    path.chmod(mode)
    return folder


def encoded(key: bytes) -> str:
    return base64.b64encode(key).decode()


class TestReadKeyring:
    def test_reads_keys_and_which_is_current(self, tmp_path: Path) -> None:
        keys = {"2026a": encoded(OLD), "2026b": encoded(NEW)}
        ring = read_keyring(write(tmp_path, {"current": "2026b", "keys": keys}), "id_encryption", is_dev=False)
        assert (ring.current, ring.current_key, ring.keys) == ("2026b", NEW, {"2026a": OLD, "2026b": NEW})

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
    def test_refuses_a_file_others_may_read(self, tmp_path: Path, mode: int) -> None:
        folder = write(tmp_path, {"current": "a", "keys": {"a": encoded(OLD)}}, mode=mode)
        with pytest.raises(KeyProblem, match="0600"):
            read_keyring(folder, "id_encryption", is_dev=True)

    def test_refuses_demo_keys_outside_dev(self, tmp_path: Path) -> None:
        folder = write(tmp_path, {"demo": True, "current": "a", "keys": {"a": encoded(OLD)}})
        assert read_keyring(folder, "id_encryption", is_dev=True).current_key == OLD
        with pytest.raises(KeyProblem, match="YOUTHCITY_ENV=dev"):
            read_keyring(folder, "id_encryption", is_dev=False)

    @pytest.mark.parametrize(
        "content",
        [
            "not JSON",
            [],
            {},
            {"current": "a", "keys": {}},
            {"current": "b", "keys": {"a": encoded(OLD)}},
            {"current": "a", "keys": {"a": encoded(b"short")}},
            {"current": "a", "keys": {"a": "é"}},
            {"current": "a", "keys": [1]},
        ],
    )
    def test_refuses_what_is_no_keyring(self, tmp_path: Path, content: Any) -> None:
        with pytest.raises(KeyProblem):
            read_keyring(write(tmp_path, content), "id_encryption", is_dev=True)

    def test_refuses_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(KeyProblem):
            read_keyring(tmp_path, "id_encryption", is_dev=True)

    def test_a_ring_shows_no_key_where_it_is_printed(self) -> None:
        assert "ooo" not in f"{RING!r} {RING}"


class TestFieldCipher:
    @given(st.text(), st.text(max_size=40), st.text(max_size=40))
    def test_opens_what_it_has_sealed(self, plaintext: str, row: str, column: str) -> None:
        cipher = FieldCipher(RING)
        # a lone half of a surrogate pair is no text and cannot be stored
        plaintext, row, column = (one.encode("utf-8", "replace").decode() for one in (plaintext, row, column))
        assert cipher.open(cipher.seal(plaintext, row=row, column=column), row=row, column=column) == plaintext

    def test_seals_the_same_value_differently_each_time(self) -> None:
        cipher = FieldCipher(RING)
        sealed = {cipher.seal("14070219990101123X", row="1", column="id_number") for _ in range(50)}
        assert len(sealed) == 50
        assert not any(b"140702" in one for one in sealed)

    @pytest.mark.parametrize(("row", "column"), [("2", "id_number"), ("1", "phone"), ("", "")])
    def test_does_not_open_a_field_moved_to_another_place(self, row: str, column: str) -> None:
        sealed = FieldCipher(RING).seal("value", row="1", column="id_number")
        with pytest.raises(KeyProblem):
            FieldCipher(RING).open(sealed, row=row, column=column)

    def test_does_not_open_a_field_changed_by_one_bit(self) -> None:
        cipher = FieldCipher(RING)
        sealed = cipher.seal("value", row="1", column="c")
        for position in range(len(sealed)):
            changed = bytearray(sealed)
            changed[position] ^= 1
            with pytest.raises(KeyProblem):
                cipher.open(bytes(changed), row="1", column="c")

    @pytest.mark.parametrize("rubbish", [b"", b"\x01", b"\x01\x05", b"\x01\x052026a", b"\x02" * 60, bytes(range(60))])
    def test_does_not_open_rubbish(self, rubbish: bytes) -> None:
        with pytest.raises(KeyProblem):
            FieldCipher(RING).open(rubbish, row="1", column="c")

    def test_opens_old_fields_after_a_rotation_and_seals_new_ones_with_the_new_key(self) -> None:
        old = FieldCipher(RING).seal("value", row="1", column="c")
        rotated = FieldCipher(ROTATED)
        assert rotated.open(old, row="1", column="c") == "value"
        with pytest.raises(KeyProblem):
            FieldCipher(RING).open(rotated.seal("value", row="1", column="c"), row="1", column="c")


class TestLookupHash:
    def test_finds_the_same_value_in_the_same_column_alone(self) -> None:
        hashes = LookupHash(RING)
        assert hashes.of("x", column="phone") == hashes.of("x", column="phone")
        others = {hashes.of("x", column="id_number"), hashes.of("y", column="phone"), hashes.of("ephone", column="")}
        assert hashes.of("x", column="phone") not in others
        assert len(hashes.of("x", column="phone")) == 32

    def test_looks_under_every_live_key_while_keys_rotate(self) -> None:
        old = LookupHash(RING).of("x", column="phone")
        rotated = LookupHash(ROTATED)
        assert rotated.of("x", column="phone") != old
        assert set(rotated.all_of("x", column="phone")) == {old, rotated.of("x", column="phone")}


class TestCanary:
    def test_lets_the_keyring_of_the_database_pass_again_and_again(self, engine: Engine) -> None:
        for ring in (RING, RING, ROTATED, KeyRing("id_lookup", "a", {"a": NEW})):
            with open_work(engine) as work:
                check_canary(work.session, ring)

    @pytest.mark.parametrize("key_id", ["2026a", "2027a"])
    def test_refuses_another_keyring(self, engine: Engine, key_id: str) -> None:
        with open_work(engine) as work:
            check_canary(work.session, RING)
        with pytest.raises(KeyProblem), open_work(engine) as work:
            check_canary(work.session, KeyRing("id_encryption", key_id, {key_id: NEW}))
