"""`chirodb drift`: whether the server is still as declared."""

from __future__ import annotations

from typing import Annotated

import typer

from chiro_db.cli.connecting import ServiceOption, SpecOption, TargetOption, UrlOption
from chiro_db.cli.options import CheckFormat, CheckFormatOption


def drift(
    spec: SpecOption = None,
    target: TargetOption = None,
    url: UrlOption = None,
    service: ServiceOption = None,
    output: CheckFormatOption = CheckFormat.TEXT,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="List each difference by itself.")
    ] = False,
) -> None:
    """Compare the server with the spec: exit code 0 in step, 2 drifted, 1 error."""
    from chiro_db.apply.planning import plan as make
    from chiro_db.cli.connecting import job
    from chiro_db.cli.showing import errors_as, show_drift, warn

    with errors_as(output.value, "drift"):
        about = job(spec, target, url, service)
        made = make(about)
    if output is not CheckFormat.TEXT:
        warn(made)
    services = sorted(about.only or about.loaded.spec.services)
    place = about.loaded.place(("database", "name"))
    file = place.file if place is not None else str(about.loaded.path)
    show_drift(made, output.value, spec=file, services=services, verbose=verbose)
    broken = any(found.severity == "error" for found in made.breaches)
    if made.pending or broken:
        raise typer.Exit(2)
