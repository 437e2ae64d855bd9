"""The first messages of PostgreSQL's protocol: libpq hides the SQLSTATE of a refused login.

https://www.postgresql.org/docs/current/protocol-flow.html
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import socket
import ssl
import struct
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from chiro_db.catalog.passwords import prepared
from chiro_db.model.secret import Secret

_SSL_REQUEST = struct.pack("!II", 8, 80877103)
_PROTOCOL = 196608  # 3.0
_OK, _CLEAR, _MD5, _SASL, _SASL_GOES_ON, _SASL_ENDS = 0, 3, 5, 10, 11, 12


class Refused(Exception):  # noqa: N818 - an answer of the server
    """An ErrorResponse: SQLSTATE and the function in the server are in no human language."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(fields.get("M", ""))
        self.sqlstate = fields.get("C", "")
        self.routine = fields.get("R", "")
        self.message = fields.get("M", "")


class PasswordWanted(Exception):  # noqa: N818 - an answer of the server
    """The server asks for a password that nobody gave us, or in a way that we do not know."""


class Foreign(OSError):  # noqa: N818 - an answer of whoever listens
    """What listens there speaks another protocol."""


def opened(host: str, port: int, timeout: float) -> socket.socket:
    """By TCP, or to a Unix socket where the host is a directory."""
    if not host.startswith(("/", "@")):
        return socket.create_connection((host, port), timeout)
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(timeout)
    try:
        made.connect(os.path.join(host, f".s.PGSQL.{port}"))  # noqa: PTH118 - a socket's name
    except OSError:
        made.close()
        raise
    return made


def offers_tls(plain: socket.socket) -> bool:
    """Whether the server goes on with TLS."""
    plain.sendall(_SSL_REQUEST)
    answer = plain.recv(1)
    if not answer:
        raise ConnectionResetError("it closed the connection")
    if answer not in (b"S", b"N"):
        raise Foreign(f"its answer to SSLRequest begins with {answer!r}")
    return answer == b"S"


def secured(plain: socket.socket, host: str, info: Mapping[str, str]) -> ssl.SSLSocket:
    """As libpq's sslmode, sslrootcert and sslcert have it; ssl.SSLError, OSError."""
    mode = info.get("sslmode") or "prefer"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = mode == "verify-full"
    root = info.get("sslrootcert") or str(Path.home() / ".postgresql" / "root.crt")
    if mode in ("verify-ca", "verify-full"):
        if root == "system":
            context.load_default_certs()
        else:
            context.load_verify_locations(root)
    else:
        context.verify_mode = ssl.CERT_NONE
    if certificate := info.get("sslcert"):
        context.load_cert_chain(certificate, info.get("sslkey") or None)
    return context.wrap_socket(plain, server_hostname=host)


def log_in(wire: socket.socket, user: str, database: str, password: Secret | None) -> None:
    """Until the server is ready for a query; Refused, PasswordWanted or OSError."""
    words = ("user", user, "database", database, "application_name", "chirodb")
    body = struct.pack("!I", _PROTOCOL) + b"".join(w.encode() + b"\0" for w in words) + b"\0"
    wire.sendall(struct.pack("!I", len(body) + 4) + body)
    exchange: _Scram | None = None
    while True:
        kind, body = _message(wire)
        if kind == b"E":
            raise Refused(_fields(body))
        if kind == b"Z":
            with suppress(OSError):
                wire.sendall(b"X" + struct.pack("!I", 4))
            return
        if kind != b"R":
            continue
        (wanted,) = struct.unpack("!I", body[:4])
        if wanted in (_OK, _SASL_ENDS):
            continue
        if password is None:
            raise PasswordWanted
        if wanted == _SASL:
            exchange = _Scram(password)
            first = exchange.first()
            name = b"SCRAM-SHA-256\0"
            _send(wire, name + struct.pack("!I", len(first)) + first)
        elif wanted == _SASL_GOES_ON and exchange is not None:
            _send(wire, exchange.final(body[4:]))
        elif wanted == _CLEAR:
            _send(wire, password.reveal().encode() + b"\0")
        elif wanted == _MD5:
            inner = _md5(password.reveal().encode() + user.encode())
            _send(wire, b"md5" + _md5(inner + body[4:8]) + b"\0")
        else:
            raise PasswordWanted


class _Scram:
    """The client's side of SCRAM-SHA-256 (RFC 7677), without channel binding."""

    def __init__(self, password: Secret) -> None:
        self._password = password
        self._bare = f"n=,r={secrets.token_urlsafe(18)}"

    def first(self) -> bytes:
        return f"n,,{self._bare}".encode()

    def final(self, challenge: bytes) -> bytes:
        said = dict(part.split("=", 1) for part in challenge.decode().split(","))
        salted = hashlib.pbkdf2_hmac(
            "sha256",
            prepared(self._password.reveal()),
            base64.b64decode(said["s"]),
            int(said["i"]),
        )
        without = f"c=biws,r={said['r']}"
        key = hmac.digest(salted, b"Client Key", "sha256")
        signed = f"{self._bare},{challenge.decode()},{without}".encode()
        signature = hmac.digest(hashlib.sha256(key).digest(), signed, "sha256")
        proof = bytes(a ^ b for a, b in zip(key, signature, strict=True))
        return f"{without},p={base64.b64encode(proof).decode()}".encode()


def _md5(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).hexdigest().encode()


def _send(wire: socket.socket, body: bytes) -> None:
    wire.sendall(b"p" + struct.pack("!I", len(body) + 4) + body)


def _exactly(wire: socket.socket, size: int) -> bytes:
    content = b""
    while len(content) < size:
        chunk = wire.recv(size - len(content))
        if not chunk:
            raise ConnectionResetError("the server closed the connection")
        content += chunk
    return content


def _message(wire: socket.socket) -> tuple[bytes, bytes]:
    kind = _exactly(wire, 1)
    (length,) = struct.unpack("!I", _exactly(wire, 4))
    return kind, _exactly(wire, min(length, 1 << 20) - 4)


def _fields(body: bytes) -> dict[str, str]:
    """Of an ErrorResponse: a letter and a text each."""
    parts = (part.decode(errors="replace") for part in body.split(b"\0") if part)
    return {part[0]: part[1:] for part in parts}
