"""`chirodb doctor`: why a service cannot connect, is slow, or runs out of connections."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from chiro_db.cli import completing
from chiro_db.cli.connecting import SpecOption, TargetOption, UrlOption
from chiro_db.errors import SecretError

if TYPE_CHECKING:
    from chiro_db.apply.planning import Job
    from chiro_db.model.secret import Secret


class Format(StrEnum):
    """How the check-up is printed."""

    TEXT = "text"
    JSON = "json"


def doctor(
    service: Annotated[
        str | None,
        typer.Argument(
            help="One service; all otherwise.",
            metavar="SERVICE",
            autocompletion=completing.services,
        ),
    ] = None,
    spec: SpecOption = None,
    target: TargetOption = None,
    url: UrlOption = None,
    output: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TEXT,
) -> None:
    """Find out why a service cannot connect, is slow, or runs out of connections."""
    from chiro_db.cli.connecting import job
    from chiro_db.cli.last_backups import last_backups
    from chiro_db.cli.showing import colored, errors_as, width
    from chiro_db.observe import backups
    from chiro_db.observe.doctor import examined
    from chiro_db.report.doctor import doctor_json, doctor_text

    with errors_as(output.value):
        about = job(spec, target, url, [service] if service is not None else None, secrets=False)
        loaded = about.loaded
        services = [service] if service is not None else list(loaded.spec.services)
        checkup = examined(about.to, loaded.spec, services, _passwords(about, services))
    seen = last_backups(loaded, about.target, services)
    kept = [result for name, last in seen.items() for result in backups.results(name, last)]
    checkup = replace(checkup, results=(*checkup.results, *kept))
    if output is Format.JSON:
        typer.echo(json.dumps(doctor_json(checkup), indent=2, ensure_ascii=False))
    else:
        typer.echo(doctor_text(checkup, color=colored(), width=width()))
    if checkup.findings:
        raise typer.Exit(2)


def _passwords(about: Job, services: Iterable[str]) -> dict[str, Secret | str]:
    """Of the services' login roles, as far as the spec says where they are."""
    from chiro_db.spec.secrets import resolve

    found: dict[str, Secret | str] = {}
    spec = about.loaded.spec
    for role in (role for service in services for role in spec.services[service].logins):
        body = spec.roles.get(role)
        if body is None or body.password is None:
            continue
        try:
            found[role] = resolve(body.password, about.loaded.folder)
        except SecretError as error:
            found[role] = error.message
    return found
