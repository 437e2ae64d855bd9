"""`chirodb plan`: what apply would do."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from chiro_db.cli.connecting import ServiceOption, SpecOption, TargetOption, UrlOption
from chiro_db.cli.options import WholeSchemasOption
from chiro_db.errors import RefusedError


class Format(StrEnum):
    """How the plan is printed."""

    TEXT = "text"
    JSON = "json"
    SQL = "sql"
    MARKDOWN = "markdown"


def plan(
    spec: SpecOption = None,
    target: TargetOption = None,
    url: UrlOption = None,
    service: ServiceOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Save the plan for `chirodb apply FILE`.", metavar="FILE"),
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TEXT,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="List the statements of every change.")
    ] = False,
    access: Annotated[
        bool, typer.Option("--access", help="Say who gains and loses what by it.")
    ] = False,
    whole_schemas: WholeSchemasOption = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 2 when there are changes.")
    ] = False,
) -> None:
    """Show what apply would do, and change nothing."""
    from chiro_db.access.policy import uphold
    from chiro_db.apply.planning import plan as make
    from chiro_db.cli.connecting import job
    from chiro_db.cli.showing import errors_as, show_plan, warn

    with errors_as(output.value):
        _writable(out)
        about = job(spec, target, url, service)
        made = make(
            replace(about, access=access, whole_schemas=whole_schemas), for_saving=out is not None
        )
        if any(breach.severity == "error" for breach in made.breaches):
            out = None  # it would be refused
        if out is not None:
            from chiro_db.files import write_private
            from chiro_db.plan.saved import dumps

            write_private(out, dumps(made))
    if out is not None:
        typer.echo(f"saved to {out}; `chirodb apply {out}` runs it as it is shown", err=True)
    if output is not Format.TEXT:
        warn(made)
    show_plan(made, output.value, verbose=verbose)
    uphold(made.breaches)
    if exit_code and made.pending:
        raise typer.Exit(2)


def _writable(out: Path | None) -> None:
    """A plan takes the place of the file, which must not be a device or a folder."""
    if out is not None and out.exists() and not out.is_file():
        raise RefusedError(f"`{out}` is not a file", hint="--out names a file for the plan")
