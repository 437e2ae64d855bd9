"""A relay that counts: how many queries a client sends, and how many bytes it reads."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

_BEFORE_START = (80877103, 80877104)  # SSLRequest and GSSENCRequest come before the start-up


@dataclass
class Traffic:
    """Of all connections of one run."""

    queries: int = 0  # simple queries, and executions of the extended protocol
    read: int = 0  # bytes, from server to client
    connections: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, *, queries: int = 0, read: int = 0, connections: int = 0) -> None:
        with self._lock:
            self.queries += queries
            self.read += read
            self.connections += connections


@contextmanager
def counted(conninfo: str) -> Iterator[tuple[str, Traffic]]:
    """A conninfo that leads through the relay, and what it has counted so far."""
    parts = conninfo_to_dict(conninfo)
    path = str(Path(str(parts["host"]), f".s.PGSQL.{parts['port']}"))
    traffic = Traffic()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_accept, args=(listener, path, traffic), daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        try:
            yield make_conninfo(conninfo, host="127.0.0.1", port=port, sslmode="disable"), traffic
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _accept(listener: socket.socket, path: str, traffic: Traffic) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(client, path, traffic), daemon=True).start()


def _serve(client: socket.socket, path: str, traffic: Traffic) -> None:
    """One connection, until either side ends it."""
    with client, socket.socket(socket.AF_UNIX) as server:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server.connect(path)
        back = threading.Thread(target=_answers, args=(client, server, traffic), daemon=True)
        back.start()
        with suppress(OSError, EOFError):
            _requests(client, server, traffic)
        _end(client, server)
        back.join()


def _requests(client: socket.socket, server: socket.socket, traffic: Traffic) -> None:
    """Message by message, since each starts with its type and length."""
    with client.makefile("rb") as source:
        while True:
            packet = _message(source.read, b"")
            server.sendall(packet)
            if struct.unpack("!I", packet[4:8])[0] not in _BEFORE_START:
                break
        traffic.add(connections=1)
        while True:
            message = _message(source.read, _exactly(source.read, 1))
            traffic.add(queries=message[:1] in (b"Q", b"E"))
            server.sendall(message)


def _answers(client: socket.socket, server: socket.socket, traffic: Traffic) -> None:
    with suppress(OSError):
        while chunk := server.recv(1 << 18):
            traffic.add(read=len(chunk))
            client.sendall(chunk)
    _end(client, server)


def _message(read: Callable[[int], bytes], kind: bytes) -> bytes:
    length = _exactly(read, 4)
    return kind + length + _exactly(read, struct.unpack("!I", length)[0] - 4)


def _exactly(read: Callable[[int], bytes], size: int) -> bytes:
    found = read(size)
    if len(found) < size:
        raise EOFError
    return found


def _end(*sockets: socket.socket) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
