"""The two ways in: a Unix socket in a directory of its own, and a port on 127.0.0.1."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import tempfile
import zlib
from pathlib import Path

from chiro_db.embedded.account import Account, give

_LONGEST = 103  # bytes of a socket's path on macOS; Linux has 107
_PREFIX = "chirodb-"


def socket_directory(directory: Path, remembered: Path | None, account: Account | None) -> Path:
    """Only the server's account (and root) may enter it; a short one when `directory` is deep."""
    sockets = _made(directory, remembered, account)
    for stale in sockets.glob(".s.PGSQL.*"):  # a socket's lock file too names a pid, maybe reused
        stale.unlink()
    return sockets


def _made(directory: Path, remembered: Path | None, account: Account | None) -> Path:
    own = directory / "socket"
    if _fits(own):
        if not own.exists():
            own.mkdir(mode=0o700)
            give(own, account)
        return own
    if remembered and _fits(remembered) and _is_private(remembered, _uid(account)):
        return remembered
    # Not in XDG_RUNTIME_DIR, which goes when the user logs out while the server stays.
    short = Path(tempfile.mkdtemp(prefix=_PREFIX, dir="/tmp"))
    give(short, account)
    return short


def remove_short(path: Path | None, owner: int) -> None:
    """Only one that `socket_directory` made elsewhere, for the server's `owner`."""
    if path and path.name.startswith(_PREFIX) and _is_private(path, owner):
        shutil.rmtree(path, ignore_errors=True)


def free_port(directory: Path, remembered: int | None) -> int:
    """The remembered one while it is free; else one outside the range of outgoing connections."""
    if remembered and is_free(remembered):
        return remembered
    start = zlib.crc32(os.fsencode(directory))
    for step in range(100):
        if is_free(port := 20_000 + (start + step * 97) % 10_000):
            return port
    with socket.create_server(("127.0.0.1", 0)) as anywhere:
        return int(anywhere.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a server could listen on the port of 127.0.0.1."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def _fits(path: Path) -> bool:
    """Short enough, and without what libpq's list of hosts or the server's list would split."""
    longest = os.fsencode(path / ".s.PGSQL.65535")
    return len(longest) <= _LONGEST and not set(str(path)) & set(",\"'\\\n")


def _is_private(path: Path, owner: int) -> bool:
    """In a directory where everybody may write, a name alone proves nothing."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == owner and not found.st_mode & 0o077


def _uid(account: Account | None) -> int:
    return account.uid if account else os.geteuid()
