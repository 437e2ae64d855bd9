"""A store that is a folder of this machine, or of a file system that it mounts."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chiro_db import lock
from chiro_db.backup import packing
from chiro_db.backup.encryption import Writer
from chiro_db.backup.manifest import ID, NAME, Manifest
from chiro_db.backup.store import named
from chiro_db.errors import ChirodbError

_PARTIAL = ".partial"
_LOCK = ".lock"


class Folder:
    """A backup is a folder that appears by one rename."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def where(self) -> str:
        return str(self._root)

    def ids(self) -> Iterator[tuple[str, str]]:
        with _told(self.where):
            for service in sorted(_folders(self._root)):
                for backup in sorted(_folders(service)):
                    if ID.fullmatch(backup.name) and (backup / NAME).exists():
                        yield service.name, backup.name

    def read(self, service: str, backup: str, name: str) -> bytes | None:
        try:
            return (self.place(service, backup) / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _cannot(self.where, error) from None

    def fetch(self, service: str, backup: str, name: str, target: Writer) -> None:
        with _told(self.where), (self.place(service, backup) / name).open("rb") as file:
            shutil.copyfileobj(file, target, packing.CHUNK)

    def place(self, service: str, backup: str) -> Path:
        return self._root / named(service) / backup

    @contextmanager
    def stage(self, service: str, backup: str) -> Iterator[Path]:
        """Locked while its run lives, so that another run's sweep leaves it alone."""
        folder = self._root / _PARTIAL / f"{backup}-{named(service)}"
        with _told(self.where):
            folder.mkdir(parents=True, mode=0o700)
            held = os.open(folder / _LOCK, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(held)

    def publish(self, folder: Path, manifest: Manifest) -> None:
        if folder.parent == self._root / _PARTIAL:
            self._rename(folder, manifest)
            return
        with self.stage(manifest.service, manifest.id) as copy, _told(self.where):
            for name in [*manifest.files, NAME]:
                (copy / name).parent.mkdir(mode=0o700, exist_ok=True)
                _copy(folder / name, copy / name, manifest)
                packing.sync((copy / name).parent)
            packing.sync(copy)
            self._rename(copy, manifest)

    def _rename(self, folder: Path, manifest: Manifest) -> None:
        target = self.place(manifest.service, manifest.id)
        with _told(self.where):
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            (folder / _LOCK).unlink()
            folder.rename(target)
            packing.sync(target.parent)
            packing.sync(self._root)

    def note(self, service: str, backup: str, name: str, content: bytes) -> None:
        folder = self.place(service, backup)
        fresh = folder / f".{name}.new"
        with _told(self.where):
            fresh.unlink(missing_ok=True)
            with packing.HashedFile(fresh) as file:
                file.write(content)
                file.finish()
            fresh.rename(folder / name)
            packing.sync(folder)

    def delete(self, service: str, backup: str) -> None:
        folder = self.place(service, backup)
        with _told(self.where):
            (folder / NAME).unlink()
            packing.sync(folder)
            shutil.rmtree(folder)

    def sweep(self) -> list[str]:
        with _told(self.where):
            return self._swept()

    def _swept(self) -> list[str]:
        left = []
        for folder in sorted(_folders(self._root / _PARTIAL, hidden=True)):
            if not lock.is_held(folder / _LOCK):  # one killed right at the start made none
                shutil.rmtree(folder, ignore_errors=True)
                left.append(folder.name)
        for service in _folders(self._root):  # a prune that was killed
            for backup in _folders(service):
                if ID.fullmatch(backup.name) and not (backup / NAME).exists():
                    shutil.rmtree(backup, ignore_errors=True)
                    left.append(f"{service.name}/{backup.name}")
        return left


def _folders(path: Path, *, hidden: bool = False) -> list[Path]:
    """None where the store is not made yet."""
    try:
        return [p for p in path.iterdir() if (hidden or p.name[0] != ".") and p.is_dir()]
    except FileNotFoundError:
        return []


def _copy(source: Path, target: Path, manifest: Manifest) -> None:
    """What arrives is read again: a copy has to prove itself."""
    with packing.HashedFile(target) as file, source.open("rb") as reading:
        shutil.copyfileobj(reading, file, packing.CHUNK)
        written = file.finish()
    expected = manifest.files.get(str(target.relative_to(_top(target, manifest))))
    if expected is not None and written.sha256 != expected["sha256"]:
        raise ChirodbError(f"`{source.name}` changed while it was copied")
    if packing.sha256(target) != written.sha256:
        raise ChirodbError(f"`{target.name}` is not what was written")


def _top(path: Path, manifest: Manifest) -> Path:
    return next(p for p in path.parents if p.name == f"{manifest.id}-{manifest.service}")


@contextmanager
def _told(where: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _cannot(where, error) from None


def _cannot(where: str, error: OSError) -> ChirodbError:
    hints = {
        errno.ENOSPC: "make room, `chirodb backup prune` say, or name another store",
        errno.EDQUOT: "make room, `chirodb backup prune` say, or name another store",
        errno.EROFS: "the file system is read-only",
        errno.EACCES: "this user may not write there, or not read",
    }
    return ChirodbError(
        f"the store `{where}`: {error.strerror or error}",
        where=str(error.filename) if error.filename else None,
        hint=hints.get(error.errno or 0),
    )
