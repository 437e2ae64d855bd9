"""`chirodb render`: the spec as one SQL script, without a server and without secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def render(
    spec: Annotated[
        Path | None, typer.Option(help="The spec, a file or a directory.", metavar="PATH")
    ] = None,
) -> None:
    """Write the whole spec as idempotent SQL for psql."""
    from datetime import UTC, datetime

    from chiro_db.cli.options import spec_path
    from chiro_db.plan.render import render as rendered
    from chiro_db.report.diagnostics import lines
    from chiro_db.spec.load import load

    today = datetime.now(UTC).date()
    loaded = load(spec_path(spec), today)
    for line in lines(loaded.warnings):
        typer.echo(line, err=True)
    typer.echo(rendered(loaded.spec, today), nl=False)
