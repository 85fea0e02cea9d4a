"""The proxy of ``deploy/nginx.conf``: nginx reads it, and does what it says, before something that stands for the gateway."""

from __future__ import annotations

import http.client
import http.server
import json
import re
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.packages import find_program
from deploy.local.throwaway import eventually, free_port
from gateway.serving.body_limits import UPLOAD_BYTES
from tests.architecture import source
from tests.support.certificates import Authority

FILE = Path("deploy/nginx.conf")


class Answerer(http.server.BaseHTTPRequestHandler):
    """Stands for the gateway: answers with the header fields it was sent."""

    def do_GET(self) -> None:
        body = json.dumps(dict(self.headers.items())).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        return


class Nginx:
    """The example with ports and files of the test's own; with `certificates` its lines for client certificates count."""

    def __init__(self, folder: Path, authority: Authority, upstream: int, *, certificates: bool = False) -> None:
        program = find_program("nginx")
        assert program is not None, "make proofs installs it"
        self._program, self._folder = str(program), folder
        self.port, self.plain_port = free_port(), free_port()
        certificate, key = authority.issue("localhost")
        text = source.text(FILE)
        if certificates:
            text = re.sub(r"^( +)# ((?:ssl_client|ssl_verify|if ).*)$", r"\1\2", text, flags=re.MULTILINE)
        for old, new in {
            "/etc/youthcity/tls/fullchain.pem": certificate,
            "/etc/youthcity/tls/privkey.pem": key,
            "/etc/youthcity/tls/clients-ca.pem": authority.ca_file,
            "/run/nginx.pid": folder / "nginx.pid",
            "/var/log/nginx": folder,
            "listen 80 ": f"listen 127.0.0.1:{self.plain_port} ",
            "listen 443 ": f"listen 127.0.0.1:{self.port} ",
            "127.0.0.1:8000": f"127.0.0.1:{upstream}",
            "worker_processes auto": "worker_processes 1",
            "server_tokens off;": f"server_tokens off; {_temporary(folder)}",
        }.items():
            assert old in text
            text = text.replace(old, str(new))
        (folder / "nginx.conf").write_text(text)

    def command(self, *arguments: str) -> list[str]:
        place = ("-p", str(self._folder), "-e", str(self._folder / "error.log"), "-c", str(self._folder / "nginx.conf"))
        return [self._program, *place, *arguments]

    def start(self) -> None:
        self._process = subprocess.Popen(self.command("-g", "daemon off;"), stderr=subprocess.DEVNULL)
        eventually(lambda: socket.socket().connect_ex(("127.0.0.1", self.port)) == 0, what="nginx listening")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


def _temporary(folder: Path) -> str:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return " ".join(f"{kind}_temp_path {folder / kind};" for kind in kinds)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder = tmp_path_factory.mktemp("authority")
    return Authority(folder)


@pytest.fixture(scope="module")
def upstream() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answerer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


@pytest.fixture(scope="module")
def nginx(authority: Authority, upstream: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    made = Nginx(tmp_path_factory.mktemp("nginx"), authority, upstream)
    made.start()
    yield made
    made.stop()


def ask(port: int, authority: Authority, path: str = "/", *, own: str = "", **headers: str) -> http.client.HTTPResponse:
    """Ask over TLS; `own` is the host of a client certificate to show."""
    context = ssl.create_default_context(cafile=str(authority.ca_file))
    if own:
        context.load_cert_chain(*authority.issue(own))
    line = http.client.HTTPSConnection("localhost", port, context=context, timeout=10)
    line.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    return line.getresponse()


def test_nginx_reads_it_without_a_complaint(authority: Authority, upstream: int, tmp_path: Path) -> None:
    for certificates in (False, True):
        example = Nginx(tmp_path, authority, upstream, certificates=certificates)
        done = subprocess.run(example.command("-t"), capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr
        assert not re.search("warn|emerg|error\\]", done.stderr), done.stderr


def test_clients_meet_tls_and_are_told_to_keep_to_it(nginx: Nginx, authority: Authority) -> None:
    answer = ask(nginx.port, authority)
    assert (answer.status, answer.headers["Strict-Transport-Security"]) == (200, "max-age=31536000")
    plain = http.client.HTTPConnection("127.0.0.1", nginx.plain_port, timeout=10)
    plain.request("GET", "/")
    assert plain.getresponse().status == 403
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.load_verify_locations(authority.ca_file)
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", nginx.port), timeout=10) as line, pytest.raises(ssl.SSLError):
        old.wrap_socket(line, server_hostname="localhost")


def test_the_gateway_hears_the_clients_address_and_nothing_the_client_made_up(
    nginx: Nginx, authority: Authority
) -> None:
    claimed = {"X_Forwarded_For": "192.0.2.7", "Client_Cert": ":bm8=:"}
    heard = json.load(ask(nginx.port, authority, **claimed))
    assert (heard["X-Forwarded-For"], heard["X-Forwarded-Proto"], heard["Host"]) == ("127.0.0.1", "https", "localhost")
    assert "Client-Cert" not in heard


def test_client_certificates_are_demanded_where_that_is_wanted(
    authority: Authority, upstream: int, tmp_path: Path
) -> None:
    strict = Nginx(tmp_path, authority, upstream, certificates=True)
    strict.start()
    try:
        assert ask(strict.port, authority).status == 403
        assert ask(strict.port, authority, own="a-department").status == 200
    finally:
        strict.stop()


def test_its_limits_leave_the_gateway_the_last_word() -> None:
    """What the gateway takes, and refuses in its own words, comes through."""
    text = source.text(FILE)
    assert int(re.findall(r"client_max_body_size (\d+)m", text)[1]) * 2**20 >= UPLOAD_BYTES + 65_536
    assert re.findall(r"server (127\.0\.0\.1:\d+);", text) == ["127.0.0.1:8000"]
    limits = ("client_header_timeout", "client_body_timeout", "send_timeout", "keepalive_timeout", "limit_conn ")
    assert [one for one in limits if not re.search(rf"^ +{one}", text, re.MULTILINE)] == []
