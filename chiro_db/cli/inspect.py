"""`chirodb inspect`: the spec of what a live database has."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chiro_db.cli.connecting import SpecOption, TargetOption, UrlOption
from chiro_db.errors import ChirodbError, RefusedError

if TYPE_CHECKING:
    from chiro_db.adopt.run import Adopted
    from chiro_db.catalog.connect import Where


def inspect(
    url: UrlOption = None,
    target: TargetOption = None,
    spec: SpecOption = None,
    schema: Annotated[
        list[str] | None,
        typer.Option(
            "--schema", help="Only schemas that match this; may be repeated.", metavar="GLOB"
        ),
    ] = None,
    role: Annotated[
        list[str] | None,
        typer.Option(
            "--role",
            help="Only roles that match this, the others are ignored; may be repeated.",
            metavar="GLOB",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write it to this new file.", metavar="FILE")
    ] = None,
    split: Annotated[
        Path | None,
        typer.Option(
            "--split",
            help="Write a file for each service to this new or empty directory.",
            metavar="DIR",
        ),
    ] = None,
) -> None:
    """Write the spec of what a database has, so that a plan right after is empty.

    Exit code 2: what a spec cannot say is listed on standard error.
    """
    from chiro_db.adopt.run import adopt
    from chiro_db.catalog.connect import connected

    _check(out, split)
    to = _where(url, target, spec)
    with connected(to) as connection:
        found = adopt(
            connection,
            schemas=tuple(schema or ()),
            roles=tuple(role or ()),
            splitting=split is not None,
        )
    _write(found, out, split)
    _tell(found, to, out, split)
    if found.unsaid:
        raise typer.Exit(2)


def _check(out: Path | None, split: Path | None) -> None:
    """Before anything is read: a spec that people keep is not written over."""
    if out is not None and split is not None:
        raise ChirodbError("--out and --split exclude each other", hint="name one of them")
    if out is not None and out.exists():
        raise RefusedError(f"`{out}` exists", hint="name a new file, or remove this one")
    if out is not None and not out.parent.is_dir():
        raise RefusedError(f"there is no directory `{out.parent}`")
    if split is not None and split.exists() and (not split.is_dir() or any(split.iterdir())):
        raise RefusedError(f"`{split}` is no empty directory", hint="name a new one")


def _where(url: str | None, target: str | None, spec: Path | None) -> Where:
    """A URL needs no spec; a target stands in one."""
    from chiro_db.catalog.connect import anywhere
    from chiro_db.cli.connecting import LIBPQ, job
    from chiro_db.cli.options import spec_path

    if url is None and target is None and spec is None:
        url = os.environ.get("CHIRODB_URL")
        if url is None and any(os.environ.get(v) for v in LIBPQ):
            url = ""
    if url is not None and target is None:
        return anywhere(url)
    try:
        spec_path(spec)
    except ChirodbError:
        if spec is not None or target is not None:
            raise
        raise ChirodbError(
            "which database?", hint="name it with --url, CHIRODB_URL or PGHOST and PGDATABASE"
        ) from None
    return job(spec, target, url, secrets=False).to


def _write(found: Adopted, out: Path | None, split: Path | None) -> None:
    if split is not None:
        for path, text in found.files.items():
            file = split / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return
    for text in found.files.values():
        if out is None:
            typer.echo(text, nl=False)
        else:
            out.write_text(text, encoding="utf-8")


def _tell(found: Adopted, to: Where, out: Path | None, split: Path | None) -> None:
    from chiro_db.report.words import visible

    services = f"{found.services} service" + ("" if found.services == 1 else "s")
    place = f", in {out or split}" if out or split else ""
    typer.echo(visible(f"database {to.database} on {to}: {services}{place}"), err=True)
    if not found.services and found.schemas:
        typer.echo("  hint: a schema needs an owner of its own to be a service", err=True)
    if not found.unsaid:
        return
    typer.echo(f"a spec cannot say all of it; a plan would ({len(found.unsaid)}):", err=True)
    for line in found.unsaid:
        typer.echo(f"  {line}", err=True)
    typer.echo("  hint: under `enforce: additive` nothing of it is taken away", err=True)
