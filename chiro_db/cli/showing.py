"""Plans on the terminal, or as data where the output is piped."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import typer

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
    target = f"target {plan.target}, " if plan.target else ""
    return (
        f"{target}server {plan.host} (PostgreSQL {plan.server}), database {plan.database},"
        f" as {plan.user}"
    )


def warn(plan: Plan) -> None:
    for warning in plan.warnings:
        typer.echo(f"warning: {warning}", err=True)


def show_plan(plan: Plan, output: str, *, verbose: bool = False) -> None:
    if output == "json":
        from chiro_db.report.json import plan_json

        text = plan_json(plan)
    elif output == "sql":
        from chiro_db.report.text import plan_sql

        text = plan_sql(plan)
    elif output == "markdown":
        from chiro_db.report.markdown import plan_markdown

        text = plan_markdown(plan)
    else:
        from chiro_db.report.text import plan_text

        text = plan_text(plan, color=colored(), width=width(), verbose=verbose)
    typer.echo(text.rstrip("\n"))


def show_drift(plan: Plan, output: str) -> None:
    from chiro_db.report import drift

    text = drift.render(plan, output, color=colored(), width=width())
    typer.echo(text.rstrip("\n"))
