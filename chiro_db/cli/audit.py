"""`chirodb audit`: what a reviewer of the database would find."""

from __future__ import annotations

import json

import typer

from chiro_db.cli.connecting import SpecOption, TargetOption, UrlOption
from chiro_db.cli.options import CheckFormat, CheckFormatOption


def audit(
    spec: SpecOption = None,
    target: TargetOption = None,
    url: UrlOption = None,
    output: CheckFormatOption = CheckFormat.TEXT,
) -> None:
    """Check the live database against governance rules: exit code 0 fine, 2 findings, 1 error."""
    from chiro_db.audit.run import audit as look
    from chiro_db.cli.connecting import job
    from chiro_db.cli.showing import colored, errors_as, width
    from chiro_db.report import audit as report

    with errors_as(output.value, "audit"):
        about = job(spec, target, url, secrets=False)
        found = look(about)
    place = about.loaded.place(("database", "name"))
    file = place.file if place is not None else str(about.loaded.path)
    match output:
        case CheckFormat.JSON:
            text = json.dumps(report.audit_json(found), indent=2, ensure_ascii=False)
        case CheckFormat.SARIF:
            text = json.dumps(report.audit_sarif(found, file), indent=2, ensure_ascii=False)
        case CheckFormat.JUNIT:
            text = report.audit_junit(found)
        case CheckFormat.GITHUB:
            text = report.audit_github(found)
        case _:
            text = report.audit_text(found, color=colored(), width=width())
    if text:
        typer.echo(text.rstrip("\n"))
    if found.failed:
        raise typer.Exit(2)
