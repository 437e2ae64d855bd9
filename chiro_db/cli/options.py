"""What several commands' options mean."""

from __future__ import annotations

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from chiro_db.errors import ChirodbError

DEFAULTS = (Path("chirodb.yaml"), Path("schema_specs"))
_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0}


def seconds(given: str | float) -> float:
    """A time-out as PostgreSQL writes it, `500ms`, or a number of seconds."""
    part = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?) ?(ms|s|min)?", str(given).strip())
    found = float(part[1]) * _SECONDS[part[2] or "s"] if part else 0.0
    if found < 0.001:
        raise typer.BadParameter(f"`{given}` is not a time-out such as 5, 5s or 500ms")
    return found


LockTimeoutOption = Annotated[
    float,
    typer.Option(
        "--lock-timeout",
        parser=seconds,
        metavar="SECONDS",
        help="How long each try waits for a lock: 5, 500ms.",
    ),
]


WholeSchemasOption = Annotated[
    bool,
    typer.Option(
        "--whole-schemas",
        help="Grant on ALL TABLES IN SCHEMA where that is the same: fewer locks, more time.",
    ),
]


class CheckFormat(StrEnum):
    """How a check for CI prints what it found."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    SARIF = "sarif"
    GITHUB = "github"


CheckFormatOption = Annotated[CheckFormat, typer.Option("--format", help="How to print it.")]


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
