"""File locks that the kernel frees when the last process that inherited them has gone.

Unlike a pid in a file they cannot be stale: not after kill -9, a reboot or a reused pid, not
for a zombie, and not when the other process lives in another pid namespace (a container).
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path


def hold(path: Path, seconds: float) -> int | None:
    """A descriptor that has the lock, or None when others kept it for `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(descriptor, path):
                return descriptor
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                return None
        except BaseException:  # Ctrl-C too: the lock must not stay
            os.close(descriptor)
            raise
        os.close(descriptor)
        time.sleep(0.02)


def is_held(path: Path) -> bool:
    """Whether some process, this one included, has the lock."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _is_at(descriptor: int, path: Path) -> bool:
    """False when the file was deleted (`dev reset`) while we waited for its lock."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False
