"""Files that others must not read, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from chiro_db.errors import ChirodbError


def write_private(path: Path, text: str) -> None:
    """Mode 0600, synced, renamed into place; a full disk leaves what was there before.

    A link is followed; a device or a folder is refused.
    """
    real = path.resolve()
    if real.exists() and not real.is_file():
        raise ChirodbError(f"cannot write `{path}`: it is no file", hint="name a file")
    try:
        descriptor, name = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(real)
        except BaseException:  # Ctrl-C too: nothing half made stays
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ChirodbError(f"cannot write `{path}`: {error.strerror or error}") from None
