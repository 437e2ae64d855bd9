"""Where chirodb keeps what it remembers, and files that others must not read."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from chiro_db.errors import ChirodbError


def state_root() -> Path:
    """CHIRODB_STATE_DIR, else the user's state directory; nothing is made."""
    if given := os.environ.get("CHIRODB_STATE_DIR"):
        return Path(given).expanduser().absolute()
    if os.name != "nt" and os.geteuid() == 0:
        return Path("/var/lib/chirodb")
    state = os.environ.get("XDG_STATE_HOME", "")  # the XDG standard: a relative path is ignored
    base = Path(state) if state.startswith("/") else Path.home() / ".local" / "state"
    return base / "chirodb"


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
