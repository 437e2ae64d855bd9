"""`chirodb access`: who can do what, and why."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chiro_db.cli.connecting import ServiceOption, SpecOption, TargetOption, UrlOption
from chiro_db.errors import RefusedError

if TYPE_CHECKING:
    from chiro_db.access.pattern import Pattern
    from chiro_db.access.world import World
    from chiro_db.apply.planning import Job
    from chiro_db.model.acl import Grantee


class Format(StrEnum):
    """How the matrix is printed."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    HTML = "html"


def access(
    spec: SpecOption = None,
    target: TargetOption = None,
    url: UrlOption = None,
    service: ServiceOption = None,
    role: Annotated[
        list[str] | None,
        typer.Option(
            "--role",
            help="What this role may do, with the reasons; a name or a glob, may be repeated.",
            metavar="NAME",
        ),
    ] = None,
    objects: Annotated[
        list[str] | None,
        typer.Option(
            "--object",
            help="Who may do what with it: `schema` or `schema.name`, globs; may be repeated.",
            metavar="NAME",
        ),
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TEXT,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Name every object, not their number.")
    ] = False,
) -> None:
    """Show who can do what in which service, and by what; change nothing."""
    from chiro_db.cli.connecting import job
    from chiro_db.cli.showing import errors_as

    with errors_as(output.value):
        about = job(spec, target, url, service, secrets=False)
        patterns = _patterns(objects or [])
        _show(about, role or [], patterns, output, verbose=verbose)


def _show(
    about: Job, roles: Sequence[str], patterns: Sequence[Pattern], output: Format, *, verbose: bool
) -> None:
    import json

    from chiro_db.access.listing import chosen, listing
    from chiro_db.access.matrix import matrix
    from chiro_db.access.world import world
    from chiro_db.apply.planning import observed
    from chiro_db.cli.showing import colored, width

    request = about.request
    state = observed(about)
    found = world(state, request.makers)
    names = [name for name in request.services if not about.only or name in about.only]
    schemas = {name: request.services[name].schema_name for name in names}
    asked = _roles(found, roles)
    groups = chosen(found, set(schemas.values()) if about.only else None, patterns)
    if patterns and not groups:
        said = ", ".join(f"`{pattern.text}`" for pattern in patterns)
        raise RefusedError(
            f"no object of the services is named {said}",
            hint="write schema.name, such as commerce_schema.orders or commerce_schema.*",
        )
    closer = bool(roles or patterns)
    if output is Format.CSV:
        from chiro_db.report.access_data import access_csv

        by_schema = {schema: name for name, schema in schemas.items()}
        logins = {name: account.login for name, account in found.roles.accounts.items()}
        for part in access_csv(listing(found, groups, asked), by_schema, logins):
            typer.echo(part, nl=False)
        return
    table = matrix(found, schemas, _declared(about))
    if asked is not None:
        from dataclasses import replace

        table = replace(table, rows=tuple(row for row in table.rows if row.role in asked))
    server = {"host": str(about.to), "version": state.server.version_text}
    lines = list(listing(found, groups, asked)) if closer else None
    if output is Format.JSON:
        from chiro_db.report.access_data import access_json

        text = json.dumps(access_json(table, lines, server=server), indent=2, ensure_ascii=False)
    elif output is Format.HTML:
        from chiro_db.report.access_page import access_html

        text = access_html(table, server=server, target=about.target)
    else:
        from chiro_db.report.access_text import listing_text, matrix_text

        look: dict[str, Any] = {"color": colored(), "width": width()}
        if lines is None:
            text = matrix_text(table, **look)
        else:
            text = listing_text(lines, **look, verbose=verbose)
    typer.echo(text.rstrip("\n"))


def _patterns(texts: Sequence[str]) -> list[Pattern]:
    from chiro_db.access.pattern import Pattern

    try:
        return [Pattern.parse(text) for text in texts]
    except ValueError as error:
        raise RefusedError(
            str(error), hint="such as commerce_schema, commerce_schema.orders or commerce_schema.*"
        ) from None


def _roles(found: World, globs: Sequence[str]) -> set[Grantee] | None:
    """The roles of the server that are meant; PUBLIC in capitals is PUBLIC."""
    from difflib import get_close_matches
    from fnmatch import fnmatchcase

    if not globs:
        return None
    chosen: set[Grantee] = set()
    for glob in globs:
        matching: set[Grantee] = {name for name in found.roles.names if fnmatchcase(name, glob)}
        if glob == "PUBLIC":
            matching.add(None)
        if not matching:
            close = get_close_matches(glob, found.roles.names, 1)
            raise RefusedError(
                f"there is no role `{glob}` on the server",
                hint=f"did you mean `{close[0]}`?" if close else None,
            )
        chosen |= matching
    return chosen


def _declared(about: Job) -> dict[str, str | None]:
    """The roles of the spec in its order, each with the service whose line declares it."""
    request = about.request
    found: dict[str, str | None] = {
        role: name
        for name, service in request.services.items()
        for role in dict.fromkeys((service.owner, *service.roles))
    }
    return found | {role: None for role in request.named if role not in found}
