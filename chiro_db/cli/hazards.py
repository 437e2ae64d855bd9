"""The hazards that a user names beforehand, and those that a protected target asks for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from chiro_db.cli import completing
from chiro_db.errors import RefusedError

AllowOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow",
        help="A hazard that it may have, on a protected target; may be repeated.",
        metavar="HAZARD",
        autocompletion=completing.hazards,
    ),
]


def named(options: list[str] | None) -> frozenset[str]:
    """RefusedError for one that there is not; several may stand in one option."""
    from chiro_db.model.plan import Hazard

    given = frozenset(part for name in options or [] for part in name.split(",") if part)
    known = {str(h) for h in Hazard}
    for name in sorted(given - known):
        raise RefusedError(
            f"there is no hazard `{name}`", hint=f"known are {', '.join(sorted(known))}"
        )
    return given


def check(hazards: Iterable[str], allowed: frozenset[str], subject: str) -> None:
    """RefusedError for those that were not named."""
    missing = sorted({str(h) for h in hazards} - allowed)
    if missing:
        options = " ".join(f"--allow {hazard}" for hazard in missing)
        raise RefusedError(
            f"the target is protected, and {subject} has hazards: {', '.join(missing)}",
            hint=f"if that is meant: {options}",
        )
