"""`chirodb backup prune`: delete what no rule keeps, after showing it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from chiro_db.cli.backup_run import Format, FormatOption
from chiro_db.cli.backup_stores import ServicesArgument, StoreOption
from chiro_db.cli.connecting import SpecOption, TargetOption
from chiro_db.errors import RefusedError


def prune(
    service: ServicesArgument = None,
    spec: SpecOption = None,
    target: TargetOption = None,
    store: StoreOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it and delete nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Delete the backups that no rule of the spec keeps."""
    from datetime import UTC, datetime

    from chiro_db.backup import inventory
    from chiro_db.backup import prune as pruning
    from chiro_db.cli.backup_stores import offline
    from chiro_db.cli.showing import errors_as
    from chiro_db.report.backup_prune import prune_json, prune_text

    with errors_as(output.value):
        _, chosen = offline(spec, target, service, store)
        found = inventory.take(chosen)
        for problem in found.problems:  # what cannot be seen cannot be judged
            raise problem
        verdicts = pruning.planned(found, chosen, datetime.now(UTC))
    if output is Format.JSON:
        import json

        typer.echo(json.dumps(prune_json(verdicts), indent=2, ensure_ascii=False))
    else:
        for line in prune_text(verdicts):
            typer.echo(line)
    going = [verdict for verdict in verdicts if not verdict.stays]
    if dry_run or not going:
        return
    if not yes:
        if not sys.stdin.isatty():
            raise RefusedError("there is no terminal to ask on", hint="--yes prunes without asking")
        if not typer.confirm(f"Delete {len(going)}?", err=True):
            raise RefusedError("not confirmed; nothing was deleted")
    for verdict in going:
        pruning.prune(verdict)
    typer.echo(f"Deleted {len(going)}", err=True)
