"""`chirodb backup list`: what there is, and whether each service has a good one that is young."""

from __future__ import annotations

from typing import Annotated

import typer

from chiro_db.cli.backup_run import Format, FormatOption
from chiro_db.cli.backup_stores import ServicesArgument, StoreOption
from chiro_db.cli.connecting import SpecOption, TargetOption


def list_(
    service: ServicesArgument = None,
    spec: SpecOption = None,
    target: TargetOption = None,
    store: StoreOption = None,
    max_age: Annotated[
        str | None,
        typer.Option(
            "--max-age",
            help="Exit with 2 when a service has no good backup that young: 26h, 2d.",
            metavar="AGE",
        ),
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """List the backups in the stores."""
    from datetime import UTC, datetime

    from chiro_db.backup import inventory
    from chiro_db.cli.backup_stores import offline
    from chiro_db.cli.showing import colored, errors_as
    from chiro_db.model.duration import duration
    from chiro_db.report import backup_list

    with errors_as(output.value):
        limit = duration(max_age) if max_age is not None else None
        _, chosen = offline(spec, target, service, store)
        found = inventory.take(chosen)
    now = datetime.now(UTC)
    missing = backup_list.too_old(found, [s.service for s, _ in chosen], limit, now)
    if output is Format.JSON:
        import json

        document = backup_list.list_json(found, missing, now)
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        for line in backup_list.list_text(found, now, stores=chosen, color=colored()):
            typer.echo(line)
    for problem in found.problems:
        _say(problem)
    for name in missing:
        typer.echo(f"{name}: no good backup is younger than {max_age}", err=True)
    if found.problems:
        raise typer.Exit(1)
    if missing:
        raise typer.Exit(2)


def _say(problem: Exception) -> None:
    from chiro_db.report.errors import lines

    for line in lines(problem):
        typer.echo(line, err=True)
