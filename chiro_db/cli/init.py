"""`chirodb init`: the first spec of a project."""

from __future__ import annotations

import sys
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from chiro_db.errors import RefusedError, SpecError

_EMBEDDED = "embedded"
_NEXT = (
    ("validate", "checks it, after each change"),
    ("plan", "shows what would be done"),
    ("apply", "shows it, asks, and does it"),
    ("connection SERVICE", "prints what the service connects with"),
)


def init(
    file: Annotated[
        Path | None, typer.Argument(help="Where to; chirodb.yaml otherwise.", metavar="FILE")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="The name of the database.", metavar="NAME")
    ] = None,
    service: Annotated[
        list[str] | None,
        typer.Option("--service", help="A first service; may be repeated.", metavar="NAME"),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            "--url", help="The server's libpq URL; the embedded one otherwise.", metavar="URL"
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")] = False,
) -> None:
    """Write a commented starter spec."""
    from datetime import UTC, datetime

    from chiro_db.spec.starter import starter

    path = _place(file)
    asks = not yes and sys.stdin.isatty()
    missing = [
        o for o, given in (("--name", name), ("--service", service)) if given is None or given == []
    ]
    if missing and not (yes or asks):
        raise RefusedError(
            "there is no terminal to ask on",
            hint=f"say it with {' and '.join(missing)}, or take the defaults with --yes",
        )
    if name is None:
        name = _answer("Name of the database", _default_name(), asks)
    if any(not one.strip() for one in (name, *(service or []))):
        raise RefusedError("a name is empty", hint="leave the option out for the default")
    services = list(service or []) or _listed(_answer("First services", "shop", asks))
    if url is None:
        url = _answer("Server, as a libpq URL, or `embedded` for a private one", _EMBEDDED, asks)
    server = None if url == _EMBEDDED else url
    text = starter(name, services, server, datetime.now(UTC).year + 1)
    _check(text, name, server)
    try:
        with path.open("x", encoding="utf-8") as created:
            created.write(text)
    except OSError as error:
        raise RefusedError(f"cannot write `{path}`: {error.strerror}") from None
    typer.echo(f"wrote {path}; next:")
    more = "" if file is None else f" --spec {quote(str(path))}"
    for command, does in _NEXT:
        text = f"  chirodb {command}".replace("SERVICE", quote(services[0])) + more
        typer.echo(f"{text.ljust(38)}  {does}")


def _place(file: Path | None) -> Path:
    """RefusedError rather than a second spec, or one in place of another."""
    from chiro_db.cli.options import DEFAULTS

    for path in [file] if file is not None else DEFAULTS:
        if path.exists():
            raise RefusedError(
                f"there is a {'folder' if path.is_dir() else 'file'} `{path}` already",
                hint="`chirodb validate` checks it; `chirodb init FILE` writes elsewhere",
            )
    return file or DEFAULTS[0]


def _default_name() -> str:
    from chiro_db.spec.starter import identifier

    return identifier(Path.cwd().name)


def _answer(question: str, default: str, asks: bool) -> str:
    return str(typer.prompt(question, default=default, err=True)).strip() if asks else default


def _listed(answer: str) -> list[str]:
    return list(dict.fromkeys(answer.replace(",", " ").split())) or ["shop"]


def _check(text: str, name: str, url: str | None) -> None:
    """What was asked for must make a valid spec; the first thing that is wrong is said."""
    import tempfile

    from chiro_db.catalog.connect import where
    from chiro_db.spec.load import load

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chirodb.yaml"
        path.write_text(text, encoding="utf-8")
        try:
            load(path)
        except SpecError as error:
            first = error.diagnostics[0]
            hint = first.hint if first.hint and folder not in first.hint else None
            raise RefusedError(first.message, hint=hint or "choose another name") from None
    if url is not None and "${" not in url:
        where(url, name)
