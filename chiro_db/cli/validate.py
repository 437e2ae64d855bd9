"""`chirodb validate`: whether the spec holds, without a server and without secrets."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from chiro_db.spec.load import Loaded


class Format(StrEnum):
    """How the result is printed."""

    TEXT = "text"
    JSON = "json"


def validate(
    spec: Annotated[
        Path | None, typer.Option(help="The spec, a file or a directory.", metavar="PATH")
    ] = None,
    json_schema: Annotated[
        bool, typer.Option("--json-schema", help="Print the JSON Schema for editors instead.")
    ] = False,
    output: Annotated[Format, typer.Option("--format", help="How to print the result.")] = (
        Format.TEXT
    ),
) -> None:
    """Check the spec, offline: all problems at once, each with its line."""
    if json_schema:
        _print_schema()
    elif output is Format.JSON:
        _as_json(spec)
    else:
        _as_text(spec)


def _as_text(spec: Path | None) -> None:
    from chiro_db.cli.options import spec_path
    from chiro_db.report.diagnostics import lines
    from chiro_db.spec.load import load

    loaded = load(spec_path(spec))
    for line in lines(loaded.warnings):
        typer.echo(line, err=True)
    typer.echo(_summary(loaded))


def _as_json(spec: Path | None) -> None:
    import json

    from chiro_db.cli.options import spec_path
    from chiro_db.errors import ChirodbError, Diagnostic, SpecError
    from chiro_db.report.diagnostics import as_json
    from chiro_db.spec.load import load

    try:
        found = load(spec_path(spec)).warnings
    except SpecError as error:
        found = error.diagnostics
    except ChirodbError as error:
        found = (Diagnostic(error.message, hint=error.hint),)
    result = as_json(found)
    typer.echo(json.dumps(result, indent=2, ensure_ascii=False))
    if not result["valid"]:
        raise typer.Exit(1)


def _print_schema() -> None:
    import json

    from chiro_db.spec.schema import json_schema

    typer.echo(json.dumps(json_schema(), indent=2))


def _summary(loaded: Loaded) -> str:
    spec = loaded.spec
    roles = set(spec.roles).union(*(service.roles for service in spec.services.values()))
    services = _counted(len(spec.services), "service")
    return f"{loaded.path} is valid: {services}, {_counted(len(roles), 'role')}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
