"""Object stores of this machine: moto for S3, Azurite for Azure Blob."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import formatdate
from urllib.parse import quote

from tests.fetched import fetched

CONTAINER = "backups"
# Azurite's own, the same for everybody.
_ACCOUNT = "devstoreaccount1"
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@contextmanager
def s3() -> Iterator[str]:
    """The URL's query that leads to a server with the bucket in it."""
    port = _free_port()
    with _running([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], port):
        _send(f"http://127.0.0.1:{port}/{CONTAINER}", {})
        yield (
            f"endpoint=http://127.0.0.1:{port}&region=us-east-1"
            "&access_key_id=someone&secret_access_key=hidden-from-all"
        )


@contextmanager
def azure() -> Iterator[str]:
    """The same with Azurite."""
    port = _free_port()
    program = str(fetched("azurite"))
    options = ["--blobPort", str(port), "--skipApiVersionCheck", "--inMemoryPersistence"]
    with _running([program, *options], port):
        _make_container(port)
        yield (
            f"endpoint=http://127.0.0.1:{port}/{_ACCOUNT}"
            f"&account_name={_ACCOUNT}&account_key={quote(_KEY)}"
        )


def _make_container(port: int) -> None:
    """Signed by the account's key, as Microsoft's "Authorize with Shared Key" has it."""
    path = f"/{_ACCOUNT}/{CONTAINER}"
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-08-06"}
    text = "PUT" + "\n" * 12 + "".join(f"{k}:{v}\n" for k, v in sorted(headers.items()))
    text += f"/{_ACCOUNT}{path}\nrestype:container"
    signed = hmac.new(base64.b64decode(_KEY), text.encode(), hashlib.sha256).digest()
    headers["Authorization"] = f"SharedKey {_ACCOUNT}:{base64.b64encode(signed).decode()}"
    _send(f"http://127.0.0.1:{port}{path}?restype=container", headers)


def _send(url: str, headers: Mapping[str, str]) -> None:
    request = urllib.request.Request(url, method="PUT", headers=dict(headers))  # noqa: S310 - ours
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - ours
        assert answer.status in (200, 201)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def _running(command: Sequence[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, process.communicate()[1].decode()
                assert time.monotonic() < deadline, f"{command[0]} does not answer"
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.communicate()
