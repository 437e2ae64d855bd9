"""Where backups are kept: a folder, or a bucket by its URL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from chiro_db.backup.encryption import Writer
from chiro_db.backup.manifest import Manifest
from chiro_db.errors import ChirodbError

_SCHEMES = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss")
_URL = re.compile(r"([a-z][a-z0-9+.-]*)://", re.I)


class Store(Protocol):
    """`<service>/<id>/` with the files of each backup, the manifest among them the last."""

    @property
    def where(self) -> str:
        """For a person, without a secret."""
        ...

    def ids(self) -> Iterator[tuple[str, str]]:
        """Service and id of each backup that was published."""
        ...

    def read(self, service: str, backup: str, name: str) -> bytes | None:
        """A small file; None where there is none."""
        ...

    def fetch(self, service: str, backup: str, name: str, target: Writer) -> None:
        """A file of any size, in pieces."""
        ...

    def place(self, service: str, backup: str) -> Path | None:
        """The folder of a backup where it is on this machine already."""
        ...

    def stage(self, service: str, backup: str) -> AbstractContextManager[Path]:
        """A new folder that nobody lists; gone afterwards unless it was published."""
        ...

    def publish(self, folder: Path, manifest: Manifest) -> None:
        """All files of the folder, whole or not at all; the folder may go."""
        ...

    def note(self, service: str, backup: str, name: str, content: bytes) -> None:
        """A small file beside the others, written whole."""
        ...

    def delete(self, service: str, backup: str) -> None:
        """The manifest first, so that what is left of a kill is no backup."""
        ...

    def sweep(self) -> list[str]:
        """Clear what killed runs left; says what that was."""
        ...


def open_store(address: str, base: Path) -> Store:
    """A URL, or a folder; a relative one starts at `base`."""
    scheme = _URL.match(address)
    if scheme is None or scheme[1].lower() == "file":
        from chiro_db.backup.folder import Folder

        path = address[scheme.end() - 1 :] if scheme else address
        return Folder(base / Path(re.sub("^//+", "/", path)).expanduser())
    if scheme[1].lower() in _SCHEMES:
        from chiro_db.backup.bucket import Bucket

        return Bucket(address)
    raise ChirodbError(
        f"`{scheme[1]}://` is no store that chirodb knows",
        hint=f"a folder, or a URL that begins with one of {', '.join(_SCHEMES)}",
    )


def named(service: str) -> str:
    """The service as the name of a folder; RefusedError where it is none."""
    if service.startswith(".") or "/" in service or "\\" in service or "\0" in service:
        raise ChirodbError(
            f"the service `{service}` has a name that no folder can have",
            hint="a service with backups has a name without `/` that begins with no dot",
        )
    return service
