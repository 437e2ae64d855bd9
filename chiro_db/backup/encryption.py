"""Encryption at rest: files of age, which its own command line opens too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from chiro_db.errors import ChirodbError


class Writer(Protocol):
    """What takes bytes; of a file, a pipe, or what packs them on their way."""

    def write(self, chunk: bytes, /) -> int: ...

    def flush(self) -> None: ...


class Reader(Protocol):
    """What gives bytes; none at the end."""

    def read(self, size: int = -1, /) -> bytes: ...


class _Guarded:
    """pyrage forgets what a reader or writer of ours raises; this keeps it."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.failed: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            return bytes(self._inner.read(size)) if self.failed is None else b""
        except Exception as error:
            self.failed = error
            raise

    def write(self, chunk: bytes) -> int:
        if self.failed is not None:
            raise self.failed
        try:
            return int(self._inner.write(bytes(chunk)))
        except Exception as error:
            self.failed = error
            raise

    def flush(self) -> None:
        if self.failed is None:
            self._inner.flush()


def encrypt(source: Reader, target: Writer, recipients: Sequence[str], once: Identity) -> None:
    """For the recipients, and for an identity that is forgotten after the read-back."""
    age = _pyrage()
    keys = [*(_recipient(age, text) for text in recipients), once.recipient]
    _through(age.encrypt_io, source, target, keys)


def decrypt(source: BinaryIO, target: Writer, identities: Sequence[Any]) -> None:
    """ChirodbError where no identity fits, or the file is not what was written."""
    age = _pyrage()
    try:
        _through(age.decrypt_io, source, target, list(identities))
    except age.DecryptError as error:
        raise ChirodbError(
            f"the backup cannot be decrypted: {error}",
            hint="--identity names the file of an age identity whose recipient the spec has",
        ) from None


def _through(work: Any, source: Any, target: Any, keys: list[Any]) -> None:
    reading, writing = _Guarded(source), _Guarded(target)
    try:
        work(reading, writing, keys)
    except OSError as error:
        if not (reading.failed or writing.failed):
            raise ChirodbError(f"the backup cannot be decrypted: {error}") from None
    if failed := reading.failed or writing.failed:
        raise failed


class Identity:
    """One that lives as long as a run, so that what is stored can be read back as it is stored."""

    def __init__(self) -> None:
        self.key = _pyrage().x25519.Identity.generate()

    @property
    def recipient(self) -> Any:
        return self.key.to_public()


def identities(path: Path) -> tuple[Any, ...]:
    """Of a file by `age-keygen`, or of an OpenSSH private key without a passphrase."""
    age = _pyrage()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ChirodbError(f"the identity `{path}` cannot be read: {error.strerror}") from None
    try:
        if b"PRIVATE KEY-----" in content:
            return (age.ssh.Identity.from_buffer(content),)
        lines = content.decode().splitlines()
        words = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        found = tuple(age.x25519.Identity.from_str(word) for word in words)
    except (age.IdentityError, UnicodeDecodeError) as error:
        raise ChirodbError(
            f"`{path}` holds no identity of age: {error}", hint="`age-keygen -o FILE` makes one"
        ) from None
    if not found:
        raise ChirodbError(f"`{path}` holds no identity", hint="`age-keygen -o FILE` makes one")
    return found


def check(recipients: Sequence[str]) -> None:
    """ChirodbError for the first that is none."""
    for text in recipients:
        _recipient(_pyrage(), text)


def _recipient(age: Any, text: str) -> Any:
    try:
        if text.startswith("ssh-"):
            return age.ssh.Recipient.from_str(text)
        return age.x25519.Recipient.from_str(text)
    except age.RecipientError as error:
        raise ChirodbError(
            f"`{text}` is no recipient of age: {error}",
            hint="`age-keygen` prints one that begins with age1; ssh-ed25519 keys serve too",
        ) from None


def _pyrage() -> Any:
    try:
        import pyrage
    except ImportError:
        raise ChirodbError(
            "encrypted backups need the package `pyrage`",
            hint="pip install 'chirodb[encrypt]'",
        ) from None
    return pyrage
