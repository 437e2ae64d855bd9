"""Where the server of a spec lives."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from chiro_db.errors import EmbeddedError
from chiro_db.files import state_root


def state_directory(spec: Path) -> Path:
    """One directory for each spec, the same from every working directory."""
    if os.name == "nt":
        raise EmbeddedError(
            "the embedded PostgreSQL needs Linux or macOS",
            hint="use it in WSL, or name another server with --url",
        )
    resolved = spec.resolve()
    slug = re.sub(r"[^a-z0-9]+", "-", resolved.stem.lower()).strip("-")[:30] or "spec"
    digest = hashlib.sha256(os.fsencode(resolved)).hexdigest()[:8]
    return state_root() / f"{slug}-{digest}"


def claim(directory: Path, lock: Path) -> None:
    """Make the directory unless it is ours already; one with other things in it is refused."""
    root = os.geteuid() == 0
    missing = [path for path in (*reversed(directory.parents), directory) if not path.exists()]
    for path in missing:
        try:
            path.mkdir(mode=0o755 if root else 0o700)
        except FileExistsError:
            continue  # another command was quicker
        except OSError as error:
            raise EmbeddedError(
                f"the state directory cannot be made: {error.strerror}",
                where=str(path),
                hint="set CHIRODB_STATE_DIR to a directory that you may write to",
            ) from error
        if root:
            path.chmod(0o755)  # whatever the umask: the server's account must get through
    if directory.stat().st_uid != os.geteuid():
        raise EmbeddedError(
            "the embedded PostgreSQL in this directory is another user's",
            where=str(directory),
            hint="set CHIRODB_STATE_DIR to a directory of your own",
        )
    if not lock.exists() and any(directory.iterdir()) and not lock.exists():
        raise EmbeddedError(
            "the state directory has files that are not chirodb's",
            where=str(directory),
            hint="set CHIRODB_STATE_DIR to another directory",
        )
