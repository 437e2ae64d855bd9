"""Scripts as a person runs them: by psql, which stops at the first error."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from chiro_db.embedded import binaries
from chiro_db.errors import EmbeddedError


def program() -> str:
    """psql, as chirodb finds it."""
    try:
        return str(binaries.client("psql"))
    except EmbeddedError:  # a server without clients in CHIRODB_PG_BINDIR
        return shutil.which("psql") or "psql"


def psql(conninfo: str, script: str | Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """With `ON_ERROR_STOP` and without ~/.psqlrc; a script, or the file with it."""
    source = [] if isinstance(script, str) else ["-f", str(script)]
    return subprocess.run(
        [program(), "-X", "-q", "-v", "ON_ERROR_STOP=1", *arguments, "-d", conninfo, *source],
        input=script if isinstance(script, str) else "",
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "LC_ALL": "C"},
        timeout=120,
        check=False,
    )
