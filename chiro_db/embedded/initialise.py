"""Making a data directory, whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from pathlib import Path

from chiro_db.embedded.account import Account, give, run
from chiro_db.embedded.files import Files
from chiro_db.errors import EmbeddedError

_ARGUMENTS = (
    "--username=postgres",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    "--data-checksums",
)


def initialise(bindir: Path, files: Files, account: Account | None, lock: int) -> None:
    """Leave the data directory and its superuser's passfile; raises EmbeddedError.

    initdb works beside and the result is renamed: a kill leaves nothing that looks ready.
    It inherits the lock, so that the next start waits for an initdb that outlives us.
    """
    directory = files.directory
    _remove_leftovers(directory)
    fresh = Path(tempfile.mkdtemp(prefix="data-new-", dir=directory))
    password = secrets.token_urlsafe(24)
    password_file = _write_private(directory / "password-new", password + "\n")
    try:
        give(fresh, account)
        give(password_file, account)  # initdb reads it as the account
        arguments = (bindir / "initdb", f"--pgdata={fresh}", f"--pwfile={password_file}")
        done = run((*arguments, *_ARGUMENTS), account, 120, pass_fds=(lock,))
    finally:
        password_file.unlink()
    if done.returncode:
        raise EmbeddedError(
            "initdb failed: " + "; ".join(_complaints(done.stdout)),
            where=str(directory),
            hint="CHIRODB_STATE_DIR chooses another place, CHIRODB_PG_BINDIR other programs",
        )
    passfile = _write_private(directory / "passfile-new", f"*:*:*:postgres:{password}\n")
    passfile.rename(files.passfile)
    fresh.rename(files.data)


def _remove_leftovers(directory: Path) -> None:
    """What an initialisation left that was killed."""
    for leftover in directory.glob("data-new-*"):
        shutil.rmtree(leftover)
    for name in ("password-new", "passfile-new"):
        (directory / name).unlink(missing_ok=True)


def _write_private(path: Path, text: str) -> Path:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    return path


def _complaints(output: str) -> list[str]:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return [line for line in lines if "error" in line.lower() or "FATAL" in line][-3:] or lines[-3:]
