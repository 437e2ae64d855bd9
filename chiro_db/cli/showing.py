"""Plans on the terminal, or as data where the output is piped."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from chiro_db.errors import ChirodbError, of_system

if TYPE_CHECKING:
    from chiro_db.model.plan import Plan


def colored() -> bool:
    """A terminal, no CI and no NO_COLOR (https://no-color.org)."""
    refused = os.environ.get("NO_COLOR") or os.environ.get("CI") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not refused


def width() -> int:
    """Columns; wide enough for one line a change where nobody looks at a screen."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 200


def about_line(plan: Plan) -> str:
    """Which target, server and database a command is about."""
    from chiro_db.report.words import visible

    target = f"target {plan.target}, " if plan.target else ""
    return visible(
        f"{target}server {plan.host} (PostgreSQL {plan.server}), database {plan.database},"
        f" as {plan.user}"
    )


def warn(plan: Plan) -> None:
    from chiro_db.report.words import visible

    for warning in plan.warnings:
        typer.echo(visible(f"warning: {warning}"), err=True)


@contextmanager
def errors_as(output: str, command: str = "") -> Iterator[None]:
    """Who asked for a format reads an error in it too; it is told like any other besides.

    `command` for formats that name it.
    """
    try:
        yield
    except (ChirodbError, OSError) as error:
        told = of_system(error) if isinstance(error, OSError) else error
        text = _error(told, output, command)
        if text is not None:
            typer.echo(text.rstrip("\n"))
        raise


def _error(error: ChirodbError, output: str, command: str) -> str | None:
    if output == "json":
        from chiro_db.report.json import error_json

        return _json(error_json(error))
    if output == "junit":
        from chiro_db.report.junit import error_junit

        return error_junit(error, command)
    if output == "sarif":
        from chiro_db import __version__
        from chiro_db.report.sarif import error_sarif

        return _json(error_sarif(error, __version__))
    if output == "github":
        from chiro_db.report.github import error_github

        return error_github(error)
    if output == "markdown":
        from chiro_db.report.markdown import error_markdown

        return error_markdown(error)
    return None


def show_plan(plan: Plan, output: str, *, verbose: bool = False) -> None:
    if output == "json":
        from chiro_db.report.json import plan_json

        text = _json(plan_json(plan))
    elif output == "sql":
        from chiro_db.report.script import plan_sql

        text = plan_sql(plan)
    elif output == "markdown":
        from chiro_db.report.markdown import plan_markdown

        text = plan_markdown(plan)
    else:
        from chiro_db.report.text import plan_text

        text = plan_text(plan, color=colored(), width=width(), verbose=verbose)
    typer.echo(text.rstrip("\n"))


def show_drift(
    plan: Plan, output: str, *, spec: str, services: Sequence[str], verbose: bool = False
) -> None:
    """`spec` and `services` are for formats that name what is in step, too."""
    if output == "json":
        from chiro_db.report.json import drift_json

        text = _json(drift_json(plan))
    elif output == "junit":
        from chiro_db.report.junit import drift_junit

        text = drift_junit(plan, services)
    elif output == "sarif":
        from chiro_db.report.sarif import drift_sarif

        text = _json(drift_sarif(plan, spec))
    elif output == "github":
        from chiro_db.report.github import drift_github

        text = drift_github(plan)
    else:
        from chiro_db.report.drift import drift_text

        text = drift_text(plan, color=colored(), width=width(), verbose=verbose)
    if text:
        typer.echo(text.rstrip("\n"))


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)
