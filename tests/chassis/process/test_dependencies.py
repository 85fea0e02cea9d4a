"""The database as a real process uses it: fingerprints under the process's own key, and no start without one."""

from __future__ import annotations

import base64
import hmac
import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from chassis.process.dependencies import BoundDatabase
from chassis.store.work import PLATFORM
from tests.support.ledgers import Ledger
from tests.support.waiting import until


def write_keyring(folder: Path, **keys: bytes) -> None:
    path = folder / "idempotency.json"
    path.touch(mode=0o600)
    encoded = {name: base64.b64encode(key).decode() for name, key in keys.items()}
    path.write_text(json.dumps({"current": next(iter(keys)), "keys": encoded}))


class TestFingerprintKeys:
    def test_are_those_of_the_keyring(self, ledger: Ledger, tmp_path: Path) -> None:
        write_keyring(tmp_path, new=b"n" * 32, old=b"o" * 32)
        ledger.start(lanes="rpc", YOUTHCITY_ENV="prod", KEY_DIR=str(tmp_path))
        ledger.call("write_entry", {"text": "keyed"}, key="k-1")
        (stored,) = ledger.rows("select fingerprint from idempotency_keys")
        canonical = b'["write_entry",{"text":"keyed"}]'
        assert bytes(stored.fingerprint) == hmac.digest(b"n" * 32, canonical, "sha256")

    def test_missing_in_prod_keep_the_process_from_starting(self, ledger: Ledger, tmp_path: Path) -> None:
        process = ledger.start(lanes="rpc", wait=False, YOUTHCITY_ENV="prod", KEY_DIR=str(tmp_path))
        assert until(lambda: process.poll() is not None, seconds=20, what="the end of the process")
        assert process.returncode != 0


class TestRebuilding:
    @pytest.mark.parametrize(("rebuilding", "replay"), [(False, False), (False, True), (True, False), (True, True)])
    def test_makes_all_work_a_replay(self, engine: Engine, rebuilding: bool, replay: bool) -> None:
        database = BoundDatabase(engine, PLATFORM, lambda: None, rebuilding=rebuilding)
        with database.work(replay=replay) as work:
            assert work.replay is (rebuilding or replay)
