"""A pass can be checked by anybody who holds the public key, outlives a rotation, and is nobody else's."""

from __future__ import annotations

import base64
import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import KeySet, OKPKey

from chassis.ground.ids import uuid7
from chassis.keys import signed_tokens
from chassis.keys.rings import KeyProblem
from chassis.store.work import Caller
from services.perks import passes
from services.perks.entitlements import EntitlementNotFound
from tests.perks.conftest import NOW, City, Story
from tests.support.signing_keys import write_keys

CLAIMS: dict[str, Any] = {"entitlement_id": str(uuid7()), "scheme": "s", "holder": "张*"}
CLAIMS |= {"iat": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + 60}


def keys_of(path: Path, *key_ids: str, known: dict[str, Any] | None = None) -> tuple[passes.PassKeys, dict[str, Any]]:
    content = write_keys(path, *key_ids, known=known)
    return passes.PassKeys.from_file(path, is_dev=True), content


class TestToken:
    def test_is_verified_offline_with_the_public_key_alone(self, city: City, tmp_path: Path) -> None:
        story = Story(city)
        private = json.loads((tmp_path / "keys.json").read_text())["keys"][0]
        public = OKPKey.import_key({name: value for name, value in private.items() if name != "d"})
        opened = jws.deserialize_compact(story.token, public, algorithms=["Ed25519"])
        assert opened.headers() == {"alg": "Ed25519", "kid": "k1", "typ": "youthcity-pass+jws"}
        claims = json.loads(opened.payload)
        assert set(claims) == {"entitlement_id", "scheme", "holder", "iat", "exp"}
        assert (claims["holder"], claims["scheme"]) == ("张*", "scenic_areas")
        assert claims["exp"] - claims["iat"] == dt.timedelta(days=30).total_seconds()

    def test_lasts_minutes_where_a_channel_shows_it_and_long_on_a_card(self, city: City) -> None:
        story = Story(city)
        app = Caller("app", "youth_league", "r", trusted=True, client_type="channel", subject=f"person:{story.person}")
        for caller, minutes in (
            (app, 10),
            (replace(app, subject=None), 10),
            (replace(app, subject="staff:zhang.san"), 30 * 24 * 60),
            (replace(app, client_type="system", subject=None), 30 * 24 * 60),
        ):
            claims = city.keys.read(city.pass_of(story.person, caller=caller))
            assert claims.expires_at - claims.issued_at == dt.timedelta(minutes=minutes)

    def test_is_nobody_elses_who_acts_for_themselves(self, city: City) -> None:
        story = Story(city)
        app = Caller("app", "youth_league", "r", trusted=True, client_type="channel", subject=f"person:{uuid7()}")
        with pytest.raises(EntitlementNotFound):
            city.pass_of(story.person, caller=app)

    def test_is_issued_for_an_active_entitlement_alone(self, city: City) -> None:
        story = Story(city)
        story.end("2026-11-23")
        with pytest.raises(passes.EntitlementSuspended):
            city.pass_of(story.person)

    @pytest.mark.parametrize("token", ["", "a", "a.b.c", "....", "e30.e30.e30", "é.é.é", "x" * 2000])
    def test_what_is_none_is_refused(self, city: City, token: str) -> None:
        with pytest.raises(passes.PassUnreadable):
            city.keys.read(token)

    def test_changed_claims_and_other_algorithms_are_refused(self, city: City) -> None:
        head, body, signature = city.keys.sign(CLAIMS).split(".")
        other = _part({**CLAIMS, "holder": "李*"})
        unsigned = _part({"alg": "none", "kid": "k1", "typ": passes.TYPE})
        for forged in (f"{head}.{other}.{signature}", f"{unsigned}.{body}.", f"{head}.{body}."):
            with pytest.raises(passes.PassUnreadable):
                city.keys.read(forged)

    def test_another_token_of_the_same_key_is_no_pass(self, city: City, tmp_path: Path) -> None:
        keys = KeySet.import_key_set(json.loads((tmp_path / "keys.json").read_text()))
        header = {"alg": "Ed25519", "kid": "k1", "typ": "JWT"}
        token = jws.serialize_compact(header, json.dumps(CLAIMS), keys.get_by_kid("k1"), algorithms=["Ed25519"])
        with pytest.raises(passes.PassUnreadable):
            city.keys.read(token)


class TestRotation:
    def test_keeps_old_passes_valid_and_signs_with_the_new_key(self, tmp_path: Path) -> None:
        old, content = keys_of(tmp_path / "a.json", "k1")
        rotated, _ = keys_of(tmp_path / "b.json", "k2", known=content)
        assert rotated.current == "k2"
        assert rotated.read(old.sign(CLAIMS)).holder == "张*"
        with pytest.raises(passes.PassUnreadable):
            old.read(rotated.sign(CLAIMS))


class TestCanary:
    def prove(self, city: City, keys: passes.PassKeys) -> None:
        with city.work() as work:
            signed_tokens.prove(work, keys)

    def test_lets_the_same_keys_start_again(self, city: City) -> None:
        self.prove(city, city.keys)
        self.prove(city, city.keys)

    def test_refuses_a_foreign_key_even_under_the_same_id(self, city: City, tmp_path: Path) -> None:
        self.prove(city, city.keys)
        foreign, _ = keys_of(tmp_path / "foreign.json", "k1")
        with pytest.raises(KeyProblem):
            self.prove(city, foreign)

    def test_lets_a_former_key_go_once_the_rotation_has_started(self, city: City, tmp_path: Path) -> None:
        self.prove(city, city.keys)
        both, _ = keys_of(tmp_path / "both.json", "k2", known=json.loads((tmp_path / "keys.json").read_text()))
        content = json.loads((tmp_path / "both.json").read_text())
        (tmp_path / "new.json").touch(mode=0o600)
        (tmp_path / "new.json").write_text(json.dumps({**content, "keys": content["keys"][1:]}))
        new = passes.PassKeys.from_file(tmp_path / "new.json", is_dev=True)
        with pytest.raises(KeyProblem):
            self.prove(city, new)
        self.prove(city, both)
        self.prove(city, new)

    def test_is_no_pass_itself(self, city: City) -> None:
        self.prove(city, city.keys)
        ((sealed,),) = city.rows("select sealed from key_canaries")
        with pytest.raises(passes.PassUnreadable):
            city.keys.read(bytes(sealed).decode())


class TestKeyFile:
    def test_demo_keys_are_refused_outside_dev(self, tmp_path: Path) -> None:
        write_keys(tmp_path / "a.json", "k1")
        with pytest.raises(KeyProblem):
            passes.PassKeys.from_file(tmp_path / "a.json", is_dev=False)

    @pytest.mark.parametrize("content", ['{"current": "k1", "keys": []}', '{"keys": []}', '{"current": 1}', "[]", "{"])
    def test_a_file_without_a_current_key_is_refused(self, tmp_path: Path, content: str) -> None:
        (tmp_path / "a.json").touch(mode=0o600)
        (tmp_path / "a.json").write_text(content)
        with pytest.raises(KeyProblem):
            passes.PassKeys.from_file(tmp_path / "a.json", is_dev=True)


def _part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()
