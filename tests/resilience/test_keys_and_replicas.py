"""Keys shared by replicas: what one signs the others honour, over restarts and rotations; wrong and demo keys start nothing."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import OKPKey

from deploy.local.throwaway import ThrowawayPlatform, free_port
from tests.support.platforms import MakePlatform
from tests.support.towns import Town

EX_CONFIG = 78
"""How a process ends that cannot start as it is set up (sysexits.h)."""


class Door:
    """A platform with two gateways of two workers each, behind one public address."""

    def __init__(self, platform: ThrowawayPlatform, folder: Path) -> None:
        self.platform = platform
        self.urls = [platform.url, f"http://127.0.0.1:{free_port()}"]
        platform.environment |= {"GATEWAY_PUBLIC_URL": "https://youth.example", "GATEWAY_WORKERS": "2"}
        platform.start(processes_each=1)
        self.start_second()
        self.town = Town(platform, folder)

    def start_second(self) -> None:
        bind = self.urls[1].removeprefix("http://")
        self.platform.spawn_gateway("gateway-2", GATEWAY_BIND=bind)
        self.platform.wait_for("gateway-2")

    def restart(self) -> None:
        """Both gateways and perks, one after the other, with whatever keys there are now."""
        for name in ("gateway", "gateway-2", "perks-0"):
            self.platform.stop(name)
        self.platform.start_service("perks", "perks-0")
        self.platform.start_gateway()
        self.start_second()
        for name in ("perks-0", "gateway"):
            self.platform.wait_for(name)

    def everywhere(self, token: str, path: str, **query: Any) -> list[Any]:
        """Ask both gateways four times each (either worker may answer), with one and the same token."""
        found = []
        for url in self.urls:
            address = f"{url}{path}?{urllib.parse.urlencode(query)}"
            for _ in range(4):
                request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})
                with urllib.request.urlopen(request, timeout=20) as answer:
                    found.append(json.load(answer))
        return found


@pytest.fixture(scope="module")
def door(prepared_platform: MakePlatform) -> Iterator[Door]:
    with prepared_platform("door") as platform:
        yield Door(platform, platform.folder)


def rotate_secret(path: Path) -> None:
    """A new current key beside the old one, as the operations guide says."""
    found = json.loads(path.read_text())
    found["keys"]["next"] = base64.b64encode(os.urandom(32)).decode()
    path.write_text(json.dumps({**found, "current": "next"}))


def rotate_signing(path: Path) -> None:
    found = json.loads(path.read_text())
    key = OKPKey.generate_key("Ed25519", {"kid": "next", "use": "sig", "alg": "Ed25519"}, private=True)
    path.write_text(json.dumps({**found, "current": "next", "keys": [*found["keys"], key.as_dict(private=True)]}))


class TestReplicas:
    def test_a_token_a_cursor_and_a_pass_hold_at_every_worker_after_restart_and_rotation(self, door: Door) -> None:
        town, keys = door.town, door.platform.folder / "keys"
        university, area = town.organisation("university"), town.organisation("scenic_area")
        town.put_set(town.universities_key, [university])
        town.put_set(town.areas_key, [area])
        town.publish_scheme()
        person = town.student(university)
        issued = town.pass_of(town.await_entitlement(person))
        token = town.client._bearer()
        cursor = town.client.get("/v1/organisations", limit=1)["next_cursor"]
        (second,) = town.client.get("/v1/organisations", limit=1, cursor=cursor)["items"]

        def all_hold() -> None:
            pages = door.everywhere(token, "/v1/organisations", limit=1, cursor=cursor)
            assert [page["items"] for page in pages] == [[second]] * 8
            scan = {"pass": issued, "place_id": area["id"], "nonce": "the-same-visit"}
            assert town.client.post("/v1/redemptions", scan)["outcome"] == "admitted"

        all_hold()
        door.restart()
        all_hold()
        for name in ("token_signing", "pass_signing"):
            rotate_signing(keys / f"{name}.json")
        rotate_secret(keys / "cursor.json")
        door.restart()
        all_hold()
        published = town.client.get("/.well-known/jwks.json")["keys"]
        assert {key["kid"] for key in published} >= {"next"} and len(published) == 2


class TestWhatDoesNotStart:
    @pytest.mark.parametrize(
        ("process", "keyring"),
        [
            ("services.talent", "id_encryption"),
            ("services.talent", "id_lookup"),
            ("services.talent", "upload_encryption"),
            ("services.perks", "pass_signing"),
            ("services.events", "ticket_signing"),
        ],
    )
    def test_a_process_with_a_key_its_data_was_not_written_with(
        self, door: Door, tmp_path: Path, process: str, keyring: str
    ) -> None:
        replace = other_signing_key if keyring.endswith("_signing") else other_key
        ended = start(door.platform, process, keys_with(door.platform, tmp_path, keyring, replace))
        assert (ended.returncode, keyring in ended.stdout) == (EX_CONFIG, True), ended.stdout[-2000:]

    @pytest.mark.parametrize("process", ["services.talent", "services.perks", "services.events", "gateway"])
    def test_a_process_with_demo_keys_outside_dev(self, door: Door, process: str) -> None:
        ended = start(door.platform, process, door.platform.folder / "keys", YOUTHCITY_ENV="prod")
        assert (ended.returncode, "demo" in ended.stdout) == (EX_CONFIG, True), ended.stdout[-2000:]


def other_key(found: dict[str, Any]) -> None:
    found["keys"] = {key_id: base64.b64encode(os.urandom(32)).decode() for key_id in found["keys"]}


def other_signing_key(found: dict[str, Any]) -> None:
    named = {"kid": found["current"], "use": "sig", "alg": "Ed25519"}
    found["keys"] = [OKPKey.generate_key("Ed25519", named, private=True).as_dict(private=True)]


def keys_with(platform: ThrowawayPlatform, folder: Path, name: str, change: Callable[[dict[str, Any]], None]) -> Path:
    """A copy of the platform's keys in which one file is another."""
    for path in (platform.folder / "keys").iterdir():
        found = json.loads(path.read_text())
        if path.stem == name:
            change(found)
        (folder / path.name).touch(mode=0o600)
        (folder / path.name).write_text(json.dumps(found))
    return folder


def start(
    platform: ThrowawayPlatform, process: str, keys: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Start a process that should not start; its output and how it ended."""
    ports = {"GATEWAY_BIND": f"127.0.0.1:{free_port()}", "TALENT_HEALTH_PORT": "0", "PERKS_HEALTH_PORT": "0"}
    return subprocess.run(
        [sys.executable, "-m", process],
        env={**platform.environment, **ports, "KEY_DIR": str(keys), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=40,
        check=False,
    )
