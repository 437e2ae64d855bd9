"""The way of an archive to its file and back: compressed, encrypted, hashed, in a flat memory."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from chiro_db.backup import encryption
from chiro_db.backup.encryption import Reader, Writer
from chiro_db.errors import ChirodbError

CHUNK = 1 << 20
LEVEL = 3
_WRITEBACK = 8 << 20


@dataclass(frozen=True, slots=True)
class Written:
    """A file of a backup as it was written."""

    name: str
    size: int
    sha256: str


class HashedFile:
    """Takes bytes into a new file that only its owner reads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", 0)
        self._hash = hashlib.sha256()
        self.size = self._going = 0

    def write(self, chunk: bytes) -> int:
        self._hash.update(chunk)
        left = memoryview(chunk)
        while left:
            left = left[self._file.write(left) :]
        self.size += len(chunk)
        if self.size - self._going >= _WRITEBACK and hasattr(os, "posix_fadvise"):
            # Begins to write it now, not at the fsync; and what is read back comes from the disk.
            length = self.size - self._going
            os.posix_fadvise(self._file.fileno(), self._going, length, os.POSIX_FADV_DONTNEED)
            self._going = self.size
        return len(chunk)

    def flush(self) -> None:
        """Nothing is held back."""

    def __enter__(self) -> HashedFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def finish(self) -> Written:
        """On the disk, not only on its way."""
        os.fsync(self._file.fileno())
        self._file.close()
        return Written(self._path.name, self.size, self._hash.hexdigest())


def pack(
    source: Reader, path: Path, recipients: Sequence[str], once: encryption.Identity | None
) -> Written:
    """zstd, then age where there are recipients."""
    import zstandard

    compressor = zstandard.ZstdCompressor(level=LEVEL, threads=2, write_checksum=True)
    with (
        HashedFile(path) as target,
        compressor.stream_reader(cast(IO[bytes], source), read_size=CHUNK) as packed,
    ):
        put(packed, target, recipients, once)
        return target.finish()


def put(
    source: Reader,
    target: HashedFile,
    recipients: Sequence[str],
    once: encryption.Identity | None,
) -> None:
    if once is not None:
        encryption.encrypt(source, target, recipients, once)
    else:
        shutil.copyfileobj(source, target, CHUNK)


def unpack(path: Path, target: Writer, keys: Sequence[Any]) -> None:
    """What `pack` took; ChirodbError where the file ends too early or is not readable."""
    import zstandard

    unpacking = _Decompressing(target)
    try:
        with path.open("rb") as source:
            take(source, unpacking, keys, encrypted=path.suffix == ".age")
    except zstandard.ZstdError as error:
        raise ChirodbError(f"`{path.name}` is damaged: {error}") from None
    if not unpacking.ended:
        raise ChirodbError(f"`{path.name}` is truncated: the end of its zstd frame is missing")


def take(source: BinaryIO, target: Writer, keys: Sequence[Any], *, encrypted: bool) -> None:
    if not encrypted:
        shutil.copyfileobj(source, target, CHUNK)
    elif keys:
        encryption.decrypt(source, target, keys)
    else:
        raise ChirodbError(
            "the backup is encrypted", hint="--identity names the file that decrypts it"
        )


def small(path: Path, keys: Sequence[Any]) -> bytes:
    """A file that fits in the memory and is not compressed."""
    target = _Memory()
    with path.open("rb") as source:
        take(source, target, keys, encrypted=path.suffix == ".age")
    return target.getvalue()


class _Memory(io.BytesIO):
    def write(self, chunk: bytes) -> int:  # type: ignore[override]  # bytes alone come
        return super().write(chunk)


class _Decompressing:
    def __init__(self, target: Writer) -> None:
        import zstandard

        self._target = target
        self._frame = zstandard.ZstdDecompressor().decompressobj(write_size=CHUNK)

    @property
    def ended(self) -> bool:
        return bool(self._frame.eof)

    def write(self, chunk: bytes) -> int:
        if self._frame.eof:
            raise ChirodbError("something follows the end of the archive")
        self._target.write(self._frame.decompress(chunk))
        return len(chunk)

    def flush(self) -> None:
        self._target.flush()


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(folder: Path) -> None:
    """The names in the folder reach the disk, not only what the files hold."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
