"""A store that is a bucket of S3, Azure Blob or Google Cloud Storage, or of what speaks as they do.

Credentials and endpoints come from the URL's query (`?endpoint=...`), from the environment (AWS_*,
AZURE_*, GOOGLE_*) or from the machine's own identity, as obstore finds them.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from chiro_db.backup import packing
from chiro_db.backup.bucket_errors import first_line, told
from chiro_db.backup.encryption import Writer
from chiro_db.backup.manifest import ID, NAME, Manifest
from chiro_db.backup.store import named
from chiro_db.errors import ChirodbError

_PARTIAL = ".partial"
_PART = 16 << 20  # bytes; S3 takes 10,000 of them
_AT_ONCE = 4  # parts, each in memory
_FORGOTTEN = timedelta(days=1)  # after which a run on another machine is taken for dead


class Bucket:
    """An object a file; a backup is there once its manifest is, which comes last.

    While a run writes, an object `.partial/<id>-<service>` says which process that is.
    """

    def __init__(self, url: str) -> None:
        self._obs = _obstore()
        parts = urlsplit(url)
        config = dict(parse_qsl(parts.query))
        endpoint = config.get("endpoint", "")
        self.where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"
        if endpoint:  # the same name at another endpoint is another store
            self.where += f" at {urlsplit(endpoint).netloc.rpartition('@')[2]}"
        try:
            self._store = self._obs.store.from_url(
                urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")),
                config=config or None,
                client_options={
                    "allow_http": endpoint.startswith("http://") or _plain_http(),
                    "connect_timeout": "10s",
                    "timeout": "5m",  # of one part
                },
                retry_config={"max_retries": 4, "retry_timeout": timedelta(minutes=2)},
            )
        except (self._obs.exceptions.BaseError, ValueError) as error:
            raise ChirodbError(f"the store `{self.where}`: {first_line(error)}") from None

    def ids(self) -> Iterator[tuple[str, str]]:
        for key, _ in self._keys(""):
            service, _, rest = key.partition("/")
            backup, _, name = rest.partition("/")
            if name == NAME and ID.fullmatch(backup):
                yield service, backup

    def read(self, service: str, backup: str, name: str) -> bytes | None:
        with self._told():
            try:
                return bytes(self._obs.get(self._store, _key(service, backup, name)).bytes())
            except FileNotFoundError:
                return None

    def fetch(self, service: str, backup: str, name: str, target: Writer) -> None:
        with self._told():
            for chunk in self._obs.get(self._store, _key(service, backup, name)).stream(
                packing.CHUNK
            ):
                target.write(bytes(chunk))

    def place(self, service: str, backup: str) -> None:
        """On no file system."""

    @contextmanager
    def stage(self, service: str, backup: str) -> Iterator[Path]:
        """In the machine's folder for temporary files (TMPDIR)."""
        with tempfile.TemporaryDirectory(prefix=f"chirodb-{named(service)}-") as folder:
            yield Path(folder)

    def publish(self, folder: Path, manifest: Manifest) -> None:
        mark = f"{_PARTIAL}/{manifest.id}-{named(manifest.service)}"
        with self._told():
            self._obs.put(self._store, mark, _mark())
            for name, written in manifest.files.items():
                key = _key(manifest.service, manifest.id, name)
                self._obs.put(
                    self._store, key, folder / name, chunk_size=_PART, max_concurrency=_AT_ONCE
                )
                if self._sha256(key) != written["sha256"]:
                    raise ChirodbError(f"`{key}` in `{self.where}` is not what was sent")
            self._obs.put(
                self._store, _key(manifest.service, manifest.id, NAME), (folder / NAME).read_bytes()
            )
            self._obs.delete(self._store, mark)

    def note(self, service: str, backup: str, name: str, content: bytes) -> None:
        with self._told():
            self._obs.put(self._store, _key(service, backup, name), content)

    def delete(self, service: str, backup: str) -> None:
        with self._told():
            self._obs.delete(self._store, _key(service, backup, NAME))
            self._clear(service, backup)

    def sweep(self) -> list[str]:
        """The objects first, the marks second: what is begun in between has its mark already."""
        backups: dict[tuple[str, str], bool] = {}
        for key, _ in self._keys(""):
            service, _, rest = key.partition("/")
            backup, _, name = rest.partition("/")
            if service != _PARTIAL and ID.fullmatch(backup):
                backups[service, backup] = backups.get((service, backup), False) or name == NAME
        alive = {key for key, since in self._keys(_PARTIAL) if self._alive(key, since)}
        left = []
        for (service, backup), complete in sorted(backups.items()):
            mark = f"{_PARTIAL}/{backup}-{service}"
            if not complete and mark not in alive and self.read(service, backup, NAME) is None:
                self._clear(service, backup)
                left.append(f"{service}/{backup}")
        with self._told():
            for key, since in self._keys(_PARTIAL):
                if key not in alive and not self._alive(key, since):
                    self._obs.delete(self._store, key)
        return left

    def _alive(self, mark: str, since: datetime) -> bool:
        """Whether the run that left the mark may still be writing."""
        with self._told():
            try:
                content = bytes(self._obs.get(self._store, mark).bytes())
            except FileNotFoundError:
                return False
        try:
            said = json.loads(content)
            host, process = str(said["host"]), int(said["process"])
        except (ValueError, KeyError, TypeError):
            host, process = "", 0
        if host == socket.gethostname() and not Path(f"/proc/{process}").exists():
            return not Path("/proc").exists()
        return datetime.now(UTC) - since < _FORGOTTEN

    def _clear(self, service: str, backup: str) -> None:
        with self._told():
            keys = [key for key, _ in self._keys(f"{named(service)}/{backup}")]
            if keys:
                self._obs.delete(self._store, keys)

    def _keys(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """With the moment of the last change, by the store's clock."""
        with self._told():
            for page in self._obs.list(self._store, prefix or None):
                for found in page:
                    yield str(found["path"]), found["last_modified"]

    def _sha256(self, key: str) -> str:
        digest = hashlib.sha256()
        for chunk in self._obs.get(self._store, key).stream(packing.CHUNK):
            digest.update(bytes(chunk))
        return digest.hexdigest()

    def _told(self) -> AbstractContextManager[None]:
        return told(self._obs.exceptions, self.where)


def _key(service: str, backup: str, name: str) -> str:
    return f"{named(service)}/{backup}/{name}"


def _mark() -> bytes:
    return json.dumps({"host": socket.gethostname(), "process": os.getpid()}).encode()


def _plain_http() -> bool:
    """obstore forgets the variables once it is given options."""
    names = ("AWS_ALLOW_HTTP", "AZURE_ALLOW_HTTP", "GOOGLE_ALLOW_HTTP")
    emulated = os.environ.get("AZURE_STORAGE_USE_EMULATOR", "")
    given = (*(os.environ.get(name, "") for name in names), emulated)
    return any(value.lower() in ("1", "true", "yes", "on") for value in given)


def _obstore() -> Any:
    try:
        import obstore
        import obstore.store
    except ImportError:
        raise ChirodbError(
            "a store by its URL needs the package `obstore`", hint="pip install 'chirodb[stores]'"
        ) from None
    return obstore
