"""Metrics by HTTP, for Prometheus to scrape; with TLS and a password where that is asked for."""

from __future__ import annotations

import hmac
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from chiro_db.errors import ChirodbError
from chiro_db.model.secret import Secret

if TYPE_CHECKING:
    from prometheus_client.registry import CollectorRegistry

_PATIENCE = 15  # seconds, for a client that says nothing
App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen, and who may come."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None
    user: str | None = None
    password: Secret | None = field(default=None, repr=False)


def address(text: str) -> tuple[str, int]:
    """
    >>> address("127.0.0.1:9187"), address("[::1]:80"), address(":9187")
    (('127.0.0.1', 9187), ('::1', 80), ('0.0.0.0', 9187))
    """
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise ChirodbError(f"`{text}` is no address to listen on", hint="such as 127.0.0.1:9187")
    return host.strip("[]") or "0.0.0.0", int(port)  # noqa: S104 - as asked for


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    context: ssl.SSLContext | None = None

    def get_request(self) -> tuple[Any, Any]:
        """A client that does not go on with its handshake holds nobody else up."""
        client, peer = super().get_request()
        client.settimeout(_PATIENCE)
        if self.context is not None:
            client = self.context.wrap_socket(
                client, server_side=True, do_handshake_on_connect=False
            )
        return client, peer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away, or spoke no TLS, is no business of ours."""


class _Six(_Server):
    address_family = socket.AF_INET6


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Prometheus itself says when a scrape fails."""


def server(at: Address, metrics: CollectorRegistry) -> WSGIServer:
    """Listening; `serve_forever` serves. ChirodbError where the address cannot be had."""
    from prometheus_client.exposition import make_wsgi_app

    app: App = make_wsgi_app(metrics)
    if at.user is not None and at.password is not None:
        app = _guarded(app, at.user, at.password)
    context = _context(at)
    try:
        made = make_server(
            at.host, at.port, app, _Six if ":" in at.host else _Server, handler_class=_Quiet
        )
    except OSError as error:
        raise ChirodbError(
            f"cannot listen on {at.host}:{at.port}: {error.strerror or error}",
            hint="--listen HOST:PORT chooses another address",
        ) from None
    made.context = context
    return made


def _context(at: Address) -> ssl.SSLContext | None:
    if at.certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(at.certificate, at.key)
    except (OSError, ssl.SSLError) as error:
        raise ChirodbError(
            f"the certificate cannot be used: {error.strerror or error}",
            where=str(at.certificate),
            hint="--tls-cert and --tls-key name PEM files that belong together",
        ) from None
    return context


def _guarded(app: App, user: str, password: Secret) -> App:
    """HTTP's basic authentication, compared in constant time."""
    wanted = b"Basic " + b64encode(f"{user}:{password.reveal()}".encode())

    def guard(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        given = environ.get("HTTP_AUTHORIZATION", "").encode("latin-1", "replace")
        if hmac.compare_digest(given, wanted):
            return app(environ, start)
        start(
            "401 Unauthorized",
            [("WWW-Authenticate", 'Basic realm="chirodb"'), ("Content-Type", "text/plain")],
        )
        return [b"user and password are needed\n"]

    return guard
