"""Files that others must not read, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from chiro_db.errors import ChirodbError


def write_private(path: Path, text: str) -> None:
    """Mode 0600, synced, renamed into place; a full disk leaves what was there before."""
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ChirodbError(f"cannot write `{path}`: {error.strerror or error}") from None
