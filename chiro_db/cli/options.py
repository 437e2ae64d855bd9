"""What several commands' options mean."""

from __future__ import annotations

import os
from pathlib import Path

from chiro_db.errors import ChirodbError

DEFAULTS = (Path("chirodb.yaml"), Path("schema_specs"))


def spec_path(given: Path | None) -> Path:
    """`--spec`, else CHIRODB_SPEC, else chirodb.yaml, else schema_specs/; it exists."""
    named = given or os.environ.get("CHIRODB_SPEC")
    if named:
        if Path(named).exists():
            return Path(named)
        option = "--spec" if given else "CHIRODB_SPEC"
        raise ChirodbError(
            f"there is no spec at `{named}`",
            hint=f"{option} names a YAML file or a directory of them",
        )
    for path in DEFAULTS:
        if path.exists():
            return path
    raise ChirodbError(
        "no spec was found",
        where=str(Path.cwd()),
        hint="name it with --spec or CHIRODB_SPEC, or go to where chirodb.yaml or schema_specs/ is",
    )
