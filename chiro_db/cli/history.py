"""`chirodb history`: who applied what, when."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from chiro_db.cli.connecting import SpecOption, TargetOption, UrlOption

app = typer.Typer(rich_markup_mode=None, add_completion=False)


class Format(StrEnum):
    """How it is printed."""

    TEXT = "text"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="How to print it.")]


@app.callback(invoke_without_command=True)
def history(
    context: typer.Context,
    spec: SpecOption = None,
    target: TargetOption = None,
    url: UrlOption = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, help="So many of the newest.", metavar="NUMBER")
    ] = 20,
    output: FormatOption = Format.TEXT,
) -> None:
    """List who applied what, and when; `history show NUMBER` has the statements."""
    if context.invoked_subcommand is not None:
        context.obj = {"spec": spec, "target": target, "url": url, "output": output}
        return
    from chiro_db.apply.history import entries
    from chiro_db.cli.connecting import job
    from chiro_db.cli.showing import colored, errors_as, width
    from chiro_db.report.history import history_json, history_text

    with errors_as(output.value):
        about = job(spec, target, url, secrets=False)
        found = entries(about, limit)
    if output is Format.JSON:
        _print_json(history_json(about.to.database, found))
    elif not found:
        typer.echo(f"the history of {about.to.database} is empty", err=True)
    else:
        typer.echo(history_text(found, color=colored(), width=width()).rstrip("\n"))


@app.command()
def show(
    context: typer.Context,
    number: Annotated[int, typer.Argument(help="As `history` lists it.", metavar="NUMBER")],
    spec: SpecOption = None,
    target: TargetOption = None,
    url: UrlOption = None,
    output: Annotated[Format | None, typer.Option("--format", help="How to print it.")] = None,
) -> None:
    """Show one entry with its statements."""
    from chiro_db.apply.history import entry
    from chiro_db.cli.connecting import job
    from chiro_db.cli.showing import errors_as
    from chiro_db.report.history import entry_json, entry_text

    above: dict[str, Any] = context.obj  # options before `show`
    form = output or above["output"]
    with errors_as(form.value):
        about = job(
            spec or above["spec"], target or above["target"], url or above["url"], secrets=False
        )
        found = entry(about, number)
    if form is Format.JSON:
        _print_json(entry_json(about.to.database, found))
    else:
        typer.echo(entry_text(found).rstrip("\n"))


def _print_json(document: dict[str, Any]) -> None:
    import json

    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
