"""A plain HTTP load: IN_FLIGHT kept-alive connections sending prepared requests one after another; prints rate and p99.

``python -m bench.http_load HOST:PORT FILE`` where FILE has one JSON body a line, or after a token of its own and a tab. The
client is as thin as Python allows, as it shares the machine with what it measures.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import os  # noqa: E402
import socket  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402

import gevent  # noqa: E402

_REQUEST = b"%sAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s"
IN_FLIGHT = int(os.environ.get("IN_FLIGHT", "32"))


def main() -> None:
    host, _, port = sys.argv[1].partition(":")
    with open(sys.argv[2], "rb") as file:
        lines = iter(file.read().splitlines())
    path, shared = os.environ["LOAD_PATH"], os.environ.get("LOAD_TOKEN", "").encode()
    head = f"POST {path} HTTP/1.1\r\nHost: {sys.argv[1]}\r\nContent-Type: application/json\r\n".encode()
    seconds: list[float] = []
    wrong: list[bytes] = []

    def send_all() -> None:
        with socket.create_connection((host, int(port))) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for line in lines:
                token, _, body = line.rpartition(b"\t")
                started = time.monotonic()
                connection.sendall(_REQUEST % (head, token or shared, len(body), body))
                status = _read_answer(connection)
                seconds.append(time.monotonic() - started)
                if status != b"201":
                    wrong.append(status)

    started = time.monotonic()
    gevent.joinall([gevent.spawn(send_all) for _ in range(IN_FLIGHT)], raise_error=True)
    elapsed = time.monotonic() - started
    if wrong:
        sys.exit(f"{len(wrong)} answers were not 201: {set(wrong)}")
    seconds.sort()
    print(f"p99 {seconds[int(len(seconds) * 0.99)] * 1000:.1f} ms")
    print(len(seconds) / elapsed)


def _read_answer(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65_536)
    headers, _, body = data.partition(b"\r\n\r\n")
    length = int(headers.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65_536)
    return headers[9:12]


if __name__ == "__main__":
    main()
