"""The first commands of deploy/README.md make a deployment's secrets, for nobody else to read and for git to leave alone."""

from __future__ import annotations

from pathlib import Path

from tests.support.checkouts import Checkout


def test_the_secrets_of_a_deployment_are_made_as_printed(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    checkout.types("deploy/README.md", "secrets")
    made = [path for path in checkout.written() if path.parent != tmp_path / ".state"]
    secrets = [path for path in made if path.is_relative_to(tmp_path / "deploy" / "secrets")]
    assert len(secrets) > 20
    assert [str(path) for path in secrets if checkout.is_open(path)] == []
    open_to_servers = {"databases.sql", "broker_definitions.json", "postgres_password"}  # in a folder that is closed
    assert {path.name for path in secrets if path.stat().st_mode & 0o077} == open_to_servers
    assert checkout.untracked() == []
