"""The keys: whether the files can be used, and whether the databases were written with them. No key is ever printed.

Each service keeps a canary beside its data (``chassis.keys.rings``, ``chassis.keys.signed_tokens``); here it is only read.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from joserfc import jws
from joserfc.errors import JoseError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from chassis.ground.settings import DEV, PROD
from chassis.keys.rings import FieldCipher, KeyProblem, read_keyring
from chassis.keys.signed_tokens import read_key_set
from deploy.local import demo_keys
from deploy.local.broker_users import GATEWAY
from doctor.remarks import Finding, Passed, Remark, Skipped, Text
from doctor.services import reading
from doctor.site import Site

KEYS = Text("密钥", "keys")
_EVERY_FILE = (*demo_keys.KEYRINGS, *demo_keys.SIGNING)


def key_files(site: Site) -> Iterator[Remark]:
    """Whether every key file is private, well-formed and allowed here."""
    for name in _expected(site):
        if problem := _flaw(_folder(site), name, is_dev=_is_dev(site)):
            yield _unusable(_folder(site), name, problem)


def keys(site: Site) -> Iterator[Remark]:
    """Whether every key file can be used, and fits what the databases have."""
    yield from key_files(site)
    proven = []
    for service in (name for name in site.names if name != GATEWAY):
        try:
            with reading(site, service) as connection:
                canaries = connection.execute(text("""select name, sealed from key_canaries order by name""")).all()
        except SQLAlchemyError:
            yield Skipped(KEYS, Text(f"{service} 的数据库读不了", f"the database of {service} cannot be read"))
            continue
        for name, sealed in canaries:
            if name in _expected(site) and _flaw(_folder(site), name, is_dev=_is_dev(site)):
                continue  # reported already
            if problem := _misfit(_folder(site), name, bytes(sealed), is_dev=_is_dev(site)):
                yield _wrong(_folder(site), service, name, problem)
            else:
                proven.append(f"{service} {name}")
    if proven:
        words = ", ".join(proven)
        yield Passed(KEYS, Text(f"与数据相符：{words}", f"fit the data: {words}"))


def _folder(site: Site) -> Path:
    return Path(site.environment.get("KEY_DIR") or "keys")


def _is_dev(site: Site) -> bool:
    return site.environment.get("YOUTHCITY_ENV", PROD) == DEV


def _expected(site: Site) -> list[str]:
    """Every key; where a process's environment is given, those in its folder, which need not hold the keys of others."""
    if not site.is_given and (site.is_running or _folder(site).exists()):
        return list(_EVERY_FILE)
    return [name for name in _EVERY_FILE if (_folder(site) / f"{name}.json").exists()]


def _flaw(folder: Path, name: str, *, is_dev: bool) -> str:
    """The problem of a key file by itself; empty where there is none."""
    try:
        if name in demo_keys.KEYRINGS:
            read_keyring(folder, name, is_dev=is_dev)
        else:
            read_key_set(folder / f"{name}.json", is_dev=is_dev)
    except KeyProblem as problem:
        return str(problem)
    return ""


def _misfit(folder: Path, name: str, sealed: bytes, *, is_dev: bool) -> str:
    """Why the key `name` cannot open the canary `sealed`; empty where it can."""
    try:
        if name in demo_keys.SIGNING:
            key_set, _ = read_key_set(folder / f"{name}.json", is_dev=is_dev)
            jws.deserialize_compact(sealed.decode(), key_set, algorithms=["Ed25519"])
        else:
            FieldCipher(read_keyring(folder, name, is_dev=is_dev)).open(sealed, row=name, column="canary")
    except KeyProblem as problem:
        return str(problem)
    except (JoseError, ValueError) as error:
        return f"key set {name}: {type(error).__name__}"
    return ""


def _unusable(folder: Path, name: str, problem: str) -> Finding:
    path = shlex.quote(f"{folder}/{name}.json")
    return Finding(
        "wrong_key",
        name,
        Text(f"密钥 {name} 不能用：{problem}", f"the key {name} cannot be used: {problem}"),
        f"chmod 600 {path}" if "may be read by others" in problem else f"ls -l {path}",
        Text("用到它的进程不启动（退出码 78）", "processes that need it do not start (exit status 78)"),
    )


def _wrong(folder: Path, service: str, name: str, problem: str) -> Finding:
    return Finding(
        "wrong_key",
        name,
        Text(
            f"密钥 {name} 不是 {service} 的数据所用的那一把：{problem}",
            f"the data of {service} was not written with the key {name}: {problem}",
        ),
        f"install -m 600 BACKUP/keys/{name}.json {shlex.quote(str(folder))}/ && make down && make up",
        Text(
            "进程拒绝启动（退出码 78），以免写下谁也打不开的数据；BACKUP 是与该数据库同一份的备份",
            "its processes refuse to start (exit status 78) rather than write data that cannot be read; BACKUP is the copy"
            " that was made with this database",
        ),
    )
