"""A proxy for PostgreSQL's protocol that does something at the n-th statement that changes."""

from __future__ import annotations

import os
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from psycopg.conninfo import conninfo_to_dict

_CHANGES = re.compile(rb"\s*(CREATE|ALTER|GRANT|REVOKE|COMMENT|DROP|REASSIGN|COMMIT)\b")


@dataclass
class Proxy:
    """Counts the statements that change something; at number `at` it calls `fault`."""

    upstream: str  # a conninfo
    at: int
    fault: Callable[[Proxy], None]
    seen: int = 0
    port: int = 0
    _sockets: list[socket.socket] = field(default_factory=list)

    def cut(self) -> None:
        """Close all connections, on both sides."""
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = _connected(self.upstream)
            except OSError:  # it was killed
                client.close()
                continue
            self._sockets += [client, server]
            for target, source, sink in (
                (self._forward, client, server),
                (_copy, server, client),
            ):
                threading.Thread(target=target, args=(source, sink), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        """Message by message; the first one, the start-up packet, has no type."""
        with suppress(OSError, EOFError):
            server.sendall(_message(client, typed=False))
            while True:
                message = _message(client, typed=True)
                if _is_change(message):
                    self.seen += 1
                    if self.seen == self.at:
                        self.fault(self)
                server.sendall(message)
        for one in (client, server):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def _is_change(message: bytes) -> bool:
    """A simple query, or a Parse, whose text follows its name."""
    if message[:1] == b"Q":
        return _CHANGES.match(message[5:]) is not None
    if message[:1] == b"P":
        return _CHANGES.match(message[5:].partition(b"\0")[2]) is not None
    return False


def _exactly(source: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = source.recv(size - len(data))
        if not chunk:
            raise EOFError
        data += chunk
    return data


def _message(source: socket.socket, *, typed: bool) -> bytes:
    kind = _exactly(source, 1) if typed else b""
    length = _exactly(source, 4)
    return kind + length + _exactly(source, struct.unpack("!I", length)[0] - 4)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            sink.sendall(chunk)
    for one in (source, sink):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


def _connected(conninfo: str) -> socket.socket:
    """To the server's Unix socket, or by TCP."""
    parameters = conninfo_to_dict(conninfo)
    host, port = str(parameters["host"]), parameters.get("port") or 5432
    if host.startswith("/"):
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(os.path.join(host, f".s.PGSQL.{port}"))  # noqa: PTH118 - a socket's name
        except OSError:
            server.close()
            raise
        return server
    return socket.create_connection((host, int(port)))


@contextmanager
def proxied(upstream: str, at: int, fault: Callable[[Proxy], None]) -> Iterator[Proxy]:
    """On a port of the loopback interface, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = Proxy(upstream, at, fault, port=listener.getsockname()[1])
        thread = threading.Thread(target=proxy.serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            proxy.cut()
            thread.join(5)
            for one in proxy._sockets:
                one.close()
