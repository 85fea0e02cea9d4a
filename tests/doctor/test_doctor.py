"""The doctor on real servers: each trouble is made, named with the command that mends it, and the command is typed.

Databases and a vhost of the tests' own on the test servers; servers that are hurt are private (``test_servers``).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import amqp
import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.orm import Session

from chassis.broker import topology
from chassis.broker.wire import Wire
from chassis.keys import rings
from chassis.store import dead_letters, migrations
from chassis.store.database import with_driver
from deploy.local import demo_keys
from deploy.local.broker_users import listener_permissions
from deploy.local.place import existing_place
from doctor.examination import examine
from doctor.remarks import Finding, Passed, Skipped
from tests.doctor.altered_api import AlteredApi
from tests.support.servers import Broker, Make, without_rights

DELAYS = "5,60,600"
#: What a broker that keeps statistics says of its disk; those of the tests keep none.
ROOM = {"disk_free": 2**40, "disk_free_limit": 2**26}


class Patient:
    """What the doctor looks at: five migrated databases, a vhost with the topology, and keys."""

    def __init__(self, folder: Path, databases: dict[str, str], broker: Broker, amqp_uri: str) -> None:
        self.place = existing_place(root=folder)
        self.keys = folder / "keys"
        self.databases, self.broker = databases, broker
        self.environment = {
            **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME")},
            "YOUTHCITY_ENV": "dev",
            "KEY_DIR": str(self.keys),
            "AMQP_URI": amqp_uri,
            **{f"{name.upper()}_BROKER_USER": str(urlsplit(amqp_uri).username) for name in databases},
            "RABBIT_API": os.environ["TEST_RABBIT_API"],
            "RETRY_DELAYS": DELAYS,
            **{f"{name.upper()}_DATABASE_URL": without_rights(url) for name, url in databases.items()},
        }

    def prepare(self) -> None:
        demo_keys.make(self.keys)
        for name, url in self.databases.items():
            migrations.upgrade(url, name, running=make_url(self.environment[f"{name.upper()}_DATABASE_URL"]).username)
        wire = Wire(self.environment["AMQP_URI"], name="test", heartbeat=0)
        topology.declare_all(wire.connection.channel(), delays=[float(delay) for delay in DELAYS.split(",")])
        wire.close()
        with self.session("talent") as session:
            for name in ("id_encryption", "id_lookup", "upload_encryption"):
                rings.check_canary(session, rings.read_keyring(self.keys, name, is_dev=True))
            session.commit()

    def session(self, service: str) -> Session:
        return Session(create_engine(with_driver(self.databases[service])))

    def findings(self, **changed: str) -> list[Finding]:
        remarks = examine(self.place, {**self.environment, **changed})
        return [one for one in remarks if isinstance(one, Finding)]

    def only_finding(self, **changed: str) -> Finding:
        (found,) = self.findings(**changed)
        return found

    def type_in(self, command: str) -> str:
        """Do what the doctor says."""
        done = subprocess.run(command, shell=True, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def channel(patient: Patient) -> Iterator[amqp.Channel]:
    wire = Wire(patient.environment["AMQP_URI"], name="test", heartbeat=0)
    yield wire.connection.channel()
    wire.close()


@pytest.fixture(scope="module")
def patient(broker: Broker, module_database: Make, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patient]:
    vhost = broker.make_vhost()
    databases = {name: module_database(name) for name in ("talent", "events", "perks", "notify", "gateway")}
    made = Patient(tmp_path_factory.mktemp("checkout"), databases, broker, broker.uri(vhost))
    made.prepare()
    yield made
    broker.ask("DELETE", f"/vhosts/{quote(vhost, safe='')}")


class TestAHealthyPlatform:
    def test_has_no_finding_and_says_what_was_looked_at(self, patient: Patient) -> None:
        with AlteredApi(patient.environment["RABBIT_API"], nodes=ROOM) as api:
            remarks = examine(patient.place, {**patient.environment, "RABBIT_API": api.url})
        assert [one for one in remarks if isinstance(one, Finding)] == []
        looked_at = {one.subject.en for one in remarks if isinstance(one, Passed)}
        assert looked_at >= {
            "disk",
            "database server",
            "broker",
            "clocks",
            "migrations",
            "database roles",
            "keys",
            "dead letters",
            "queues",
        }
        not_looked_at = {one.subject.en for one in remarks if isinstance(one, Skipped)}
        assert not_looked_at == {"programs", "processes"}  # the servers are not the checkout's own, and nothing runs

    @pytest.mark.parametrize(
        ("locale", "last"), [("zh_CN.UTF-8", "未发现异常；2 项未检查。"), ("C", "Nothing found; 2 not checked.")]
    )
    def test_is_reported_in_the_language_of_the_locale_with_exit_status_zero(
        self, patient: Patient, locale: str, last: str
    ) -> None:
        with AlteredApi(patient.environment["RABBIT_API"], nodes=ROOM) as api:
            done = run_doctor({**patient.environment, "RABBIT_API": api.url, "LC_ALL": locale, "PYTHONUTF8": "1"})
        assert done.returncode == 0
        assert done.stdout.splitlines()[-1] == last

    def test_is_looked_at_without_changing_anything(self, patient: Patient) -> None:
        before = sorted(path for path in patient.place.state.parent.rglob("*"))
        examine(patient.place, patient.environment)
        assert sorted(path for path in patient.place.state.parent.rglob("*")) == before
        with patient.session("perks") as session:
            assert session.execute(text("select count(*) from key_canaries")).scalar_one() == 0


class TestMigrations:
    def test_behind_are_named_with_the_service_and_run_by_the_command(
        self, patient: Patient, fresh_database: Make
    ) -> None:
        url = fresh_database("notify")
        behind = {"NOTIFY_DATABASE_URL": without_rights(url), "NOTIFY_MIGRATION_DATABASE_URL": url}
        found = [one for one in patient.findings(**behind) if one.code == "migration_behind"]
        assert [one.about for one in found] == ["notify"]
        assert f"0000, the code has {migrations.head('notify')}" in found[0].wrong.en
        done = subprocess.run(
            found[0].command, shell=True, check=True,
            env={**patient.environment, **behind},
        )  # fmt: skip
        assert done.returncode == 0
        assert patient.findings(**behind) == []

    def test_of_a_database_that_is_not_there_are_behind(self, patient: Patient) -> None:
        url = patient.databases["perks"] + "_gone"
        found = patient.only_finding(PERKS_DATABASE_URL=url)
        assert (found.code, found.about) == ("migration_behind", "perks")


class TestRoles:
    def test_that_own_their_schema_are_named_with_their_service(self, patient: Patient) -> None:
        found = patient.only_finding(EVENTS_DATABASE_URL=patient.databases["events"])
        assert (found.code, found.about) == ("runs_as_owner", "events")
        assert "Two roles" in found.command


class TestKeys:
    def test_that_do_not_fit_the_data_are_named_and_never_shown(self, patient: Patient, tmp_path: Path) -> None:
        shutil.copytree(patient.keys, tmp_path / "BACKUP" / "keys")
        demo_keys.make(tmp_path / "strange")
        path = patient.keys / "id_encryption.json"
        shutil.copyfile(tmp_path / "strange" / "id_encryption.json", path)
        try:
            found = patient.only_finding()
            assert (found.code, found.about) == ("wrong_key", "id_encryption")
            assert "talent" in found.wrong.zh and "talent" in found.wrong.en
            printed = run_doctor(patient.environment).stdout
            assert json.loads(path.read_text())["keys"]["demo1"] not in printed
            restore = found.command.partition(" && ")[0]
            subprocess.run(restore, shell=True, check=True, cwd=tmp_path)
            assert patient.findings() == []
        finally:
            shutil.copyfile(tmp_path / "BACKUP" / "keys" / "id_encryption.json", path)

    def test_others_may_read_are_shut_by_the_command(self, patient: Patient) -> None:
        path = patient.keys / "pass_signing.json"
        path.chmod(0o644)
        found = patient.only_finding()
        assert (found.code, found.about) == ("wrong_key", "pass_signing")
        subprocess.run(found.command, shell=True, check=True)
        assert patient.findings() == []


class TestDeadLetters:
    def test_are_counted_by_handler_and_listed_by_the_command(self, patient: Patient) -> None:
        with patient.session("perks") as session:
            for number in range(3):
                dead_letters.park(
                    session, consumer="perks.on_affiliation_changed", message_id=str(number), body="{}", headers={},
                    sender="talent", reason="ValueError: poisoned", attempts=4,
                )  # fmt: skip
            session.commit()
        try:
            found = patient.only_finding()
            assert (found.code, found.about) == ("dead_letters", "perks")
            assert "3 dead letters wait in perks (perks.on_affiliation_changed 3)" in found.wrong.en
            assert "3 dead letters" in patient.type_in(found.command)
        finally:
            with patient.session("perks") as session:
                session.execute(text("update dead_letters set redriven_at = now()"))
                session.commit()
        assert patient.findings() == []


class TestQueues:
    def test_of_a_renamed_handler_are_moved_to_its_new_name_and_deleted(
        self, patient: Patient, channel: amqp.Channel
    ) -> None:
        old, new = "perks.on_affiliation_renamed.v1", "perks.on_affiliation_changed.v1"
        topology.declare_handler(channel, "perks.on_affiliation_renamed", ["talent.affiliation.ended.v1"])
        channel.queue_purge(new)
        channel.confirm_select()
        for number in range(3):
            message = amqp.Message(f'{{"n":{number}}}', message_id=f"id-{number}", delivery_mode=2)
            channel.basic_publish_confirm(message, routing_key=old)
        found = patient.only_finding()
        assert (found.code, found.about) == ("orphan_queue", old)
        assert "it holds 3 messages" in found.wrong.en
        assert found.command.endswith(f"chassis topology retire {old} --to {new}")
        assert "3 messages moved" in patient.type_in(found.command)
        moved = [channel.basic_get(new, no_ack=True) for _ in range(3)]
        assert [(one.body, one.properties["message_id"]) for one in moved] == [
            (f'{{"n":{number}}}', f"id-{number}") for number in range(3)
        ]
        assert patient.findings() == []

    def test_of_a_department_that_listens_are_its_own_while_it_is_away(
        self, patient: Patient, channel: amqp.Channel
    ) -> None:
        department, vhost = f"dept{os.getpid()}", urlsplit(patient.environment["AMQP_URI"]).path[1:]
        channel.queue_declare(f"{department}.inbox", durable=True, auto_delete=False)
        assert patient.only_finding().code == "orphan_queue"
        patient.broker.ask("PUT", f"/users/{department}", b'{"password": "none", "tags": ""}')
        try:
            rights = json.dumps(listener_permissions(department)).encode()
            patient.broker.ask("PUT", f"/permissions/{vhost}/{department}", rights)
            assert patient.findings() == []
        finally:
            patient.broker.ask("DELETE", f"/users/{department}")
            channel.queue_delete(f"{department}.inbox")

    def test_somebody_reads_or_the_catalogue_names_are_never_taken_away(
        self, patient: Patient, channel: amqp.Channel
    ) -> None:
        name = "evt-talent.title.granted.v1--department.on_title"
        channel.queue_declare(name, durable=True, auto_delete=False)
        channel.basic_consume(name)
        try:
            assert patient.findings() == []
            for queue in (name, "perks.on_affiliation_changed.v1"):
                line = [sys.executable, "-m", "chassis", "topology", "retire", queue, "--discard"]
                refused = subprocess.run(line, env=patient.environment, capture_output=True, text=True, check=False)
                assert refused.returncode == 1 and "Not retired" in refused.stderr
        finally:
            channel.queue_delete(name)

    def test_that_are_missing_are_made_by_the_command(self, patient: Patient, channel: amqp.Channel) -> None:
        channel.queue_delete("notify.on_announcement.v1")
        found = patient.only_finding()
        assert (found.code, found.about) == ("queue_missing", "notify.on_announcement.v1")
        patient.type_in(found.command)
        assert patient.findings() == []


class TestTheBrokersMachine:
    def test_with_another_clock_is_named_with_the_difference(self, patient: Patient) -> None:
        with AlteredApi(patient.environment["RABBIT_API"], seconds_ahead=-90) as api:
            found = patient.only_finding(RABBIT_API=api.url)
        assert found.code == "clock_skew"
        assert "is 90 s behind" in found.wrong.en or "is 89 s behind" in found.wrong.en
        assert "timedatectl set-ntp true" in found.command

    def test_a_second_off_is_well_enough(self, patient: Patient) -> None:
        with AlteredApi(patient.environment["RABBIT_API"], seconds_ahead=1) as api:
            assert patient.findings(RABBIT_API=api.url) == []

    def test_near_its_own_limit_of_free_disk_is_named_with_both_numbers(self, patient: Patient) -> None:
        with AlteredApi(patient.environment["RABBIT_API"], nodes={**ROOM, "disk_free_limit": 2**50}) as api:
            found = patient.only_finding(RABBIT_API=api.url)
        assert found.code == "disk_nearly_full"
        assert f"below {2**30} MiB" in found.wrong.en

    def test_that_does_not_tell_leaves_only_what_it_alone_knows_unlooked_at(self, patient: Patient) -> None:
        remarks = examine(patient.place, {**patient.environment, "RABBIT_API": "http://127.0.0.1:1"})
        assert [one for one in remarks if isinstance(one, Finding)] == []
        skipped = {one.subject.en: one.because.en for one in remarks if isinstance(one, Skipped)}
        assert skipped["queues"] == skipped["the broker's disk and memory"]
        assert "127.0.0.1:1 does not answer" in skipped["queues"]


def run_doctor(environment: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    """The doctor as make calls it."""
    command = [sys.executable, "-m", "deploy.local", "doctor", *options]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
