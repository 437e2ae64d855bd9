"""`chirodb backup run`: one archive for each service, of one moment."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from chiro_db.cli.backup_stores import BindirOption, ServicesArgument, StoreOption
from chiro_db.cli.connecting import SpecOption, TargetOption, UrlOption

if TYPE_CHECKING:
    from chiro_db.backup.run import Asked, Outcome


class Format(StrEnum):
    """How the result is printed."""

    TEXT = "text"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="How to print it.")]


def run(
    service: ServicesArgument = None,
    spec: SpecOption = None,
    target: TargetOption = None,
    url: UrlOption = None,
    store: StoreOption = None,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            "-j",
            min=0,
            help="Tables side by side, in the directory format; 0: one stream.",
            metavar="N",
        ),
    ] = 0,
    connections: Annotated[
        int,
        typer.Option("--connections", min=2, help="The most at once on the server.", metavar="N"),
    ] = 4,
    lock_wait_timeout: Annotated[
        float,
        typer.Option(
            "--lock-wait-timeout", min=0.001, help="Seconds to wait for locks.", metavar="SECONDS"
        ),
    ] = 60.0,
    bindir: BindirOption = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Back up services, all of one moment."""
    from chiro_db.backup.run import Asked
    from chiro_db.cli.backup_stores import chosen
    from chiro_db.cli.connecting import job
    from chiro_db.cli.showing import errors_as
    from chiro_db.report.words import visible

    with errors_as(output.value):
        about = job(spec, target, url, service, secrets=False)
        place = f"target {about.target}, " if about.target else ""
        line = f"{place}server {about.to}, database {about.to.database}"
        typer.echo(visible(line), err=True)
        asked = Asked(
            about.to,
            about.loaded.digest,
            chosen(about.loaded, about.target, service, store),
            about.target,
            connections=connections,
            jobs=jobs,
            lock_wait=lock_wait_timeout,
            bindir=bindir.absolute() if bindir else None,
        )
        outcomes = watched(asked)
    show(outcomes, output)


def watched(asked: Asked) -> list[Outcome]:
    """Run it, with its progress on a terminal."""
    from chiro_db.backup.run import run as carry_out
    from chiro_db.cli.backup_progress import display

    with display() as watch:
        return carry_out(asked, watch)


def show(outcomes: list[Outcome], output: Format) -> None:
    """What was done on standard output, what went wrong on the other; exit code 1 with that."""
    from chiro_db.report.backup_run import outcomes_json, outcomes_text
    from chiro_db.report.errors import lines

    for outcome in outcomes:
        for problem in outcome.problems:
            first, *rest = lines(problem)
            typer.echo(first.replace("error: ", f"error: {outcome.service}: ", 1), err=True)
            for line in rest:
                typer.echo(line, err=True)
    if output is Format.JSON:
        import json

        typer.echo(json.dumps(outcomes_json(outcomes), indent=2, ensure_ascii=False))
    else:
        for line in outcomes_text(outcomes):
            typer.echo(line)
    if any(outcome.problems for outcome in outcomes):
        raise typer.Exit(1)
