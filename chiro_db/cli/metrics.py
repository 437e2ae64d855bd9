"""`chirodb metrics`: Prometheus metrics by service, and what people look at them with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chiro_db.cli.connecting import SpecOption, TargetOption, UrlOption
from chiro_db.errors import ChirodbError, RefusedError

if TYPE_CHECKING:
    from prometheus_client.registry import CollectorRegistry

    from chiro_db.apply.planning import Job
    from chiro_db.model.spec import Spec
    from chiro_db.observe.exporter import Exporter
    from chiro_db.observe.listening import Address

app = typer.Typer(
    help="Prometheus metrics by service: printed once, written to a file, or served.",
    rich_markup_mode=None,
    add_completion=False,
)


@app.callback(invoke_without_command=True)
def metrics(
    context: typer.Context,
    spec: SpecOption = None,
    target: TargetOption = None,
    url: UrlOption = None,
    listen: Annotated[
        str | None,
        typer.Option("--listen", help="Serve them by HTTP until Ctrl-C.", metavar="HOST:PORT"),
    ] = None,
    textfile: Annotated[
        Path | None,
        typer.Option("--textfile", help="Write them for node_exporter.", metavar="PATH"),
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option("--tls-cert", help="With --listen: HTTPS.", metavar="PEM")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option("--tls-key", help="The certificate's key.", metavar="PEM")
    ] = None,
    auth_user: Annotated[
        str | None,
        typer.Option("--auth-user", help="With --listen: who may come.", metavar="NAME"),
    ] = None,
    auth_password: Annotated[
        str | None,
        typer.Option(
            "--auth-password",
            help="A reference to the password: ${env:NAME} or ${file:PATH}.",
            metavar="REFERENCE",
        ),
    ] = None,
    drift_every: Annotated[
        float,
        typer.Option(
            "--drift-every",
            min=0,
            help="How old the figures of drift, audit and backups may be, with --listen.",
            metavar="SECONDS",
        ),
    ] = 300.0,
) -> None:
    """Prometheus metrics by service: printed once, written to a file, or served."""
    if context.invoked_subcommand is not None:
        return
    from chiro_db.cli.connecting import job
    from chiro_db.cli.governed import Governed
    from chiro_db.observe.exporter import Exporter
    from chiro_db.observe.exposition import exposed, registry, write_textfile

    if listen is not None and textfile is not None:
        raise RefusedError("--listen and --textfile exclude each other")
    about = job(spec, target, url, secrets=False)
    exporter = Exporter(about.to, about.loaded.spec, Governed(about, drift_every).samples)
    found = registry(exporter.take)
    if listen is not None:
        at = _address(listen, tls_cert, tls_key, auth_user, auth_password, about)
        _serve(at, exporter, found)
        return
    if textfile is not None:
        write_textfile(textfile, found)
    else:
        text = exposed(found)
        if exporter.failure is None:
            typer.echo(text, nl=False)
    exporter.close()
    if exporter.failure is not None:
        raise exporter.failure


def _address(
    listen: str,
    certificate: Path | None,
    key: Path | None,
    user: str | None,
    password: str | None,
    about: Job,
) -> Address:
    from chiro_db.model.reference import is_secret
    from chiro_db.observe.listening import Address, address
    from chiro_db.spec.secrets import resolve

    host, port = address(listen)
    if (user is None) != (password is None):
        raise RefusedError("--auth-user and --auth-password go together")
    if key is not None and certificate is None:
        raise RefusedError("--tls-key needs --tls-cert")
    if password is None:
        return Address(host, port, certificate, key)
    if not is_secret(password):
        raise RefusedError(
            "--auth-password is a reference, never the password itself",
            hint="write '${env:NAME}' or '${file:PATH}'",
        )
    secret = resolve(password, about.loaded.folder)
    return Address(host, port, certificate, key, user, secret)


def _serve(at: Address, exporter: Exporter, found: CollectorRegistry) -> None:
    from chiro_db.observe.listening import server

    with server(at, found) as listening:
        scheme = "https" if at.certificate is not None else "http"
        host = f"[{at.host}]" if ":" in at.host else at.host
        port = listening.server_address[1]
        typer.echo(f"serving {scheme}://{host}:{port}/metrics until Ctrl-C", err=True)
        if at.user is not None and at.certificate is None and not _is_loopback(at.host):
            typer.echo("warning: without --tls-cert the password is sent in the clear", err=True)
        try:
            listening.serve_forever()
        finally:
            exporter.close()


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


@app.command()
def dashboard(spec: SpecOption = None) -> None:
    """Print a Grafana dashboard with the spec's services."""
    from chiro_db.report import dashboard as board

    typer.echo(json.dumps(board.dashboard(_spec(spec)), indent=2, ensure_ascii=False))


@app.command()
def rules(spec: SpecOption = None, target: TargetOption = None) -> None:
    """Print Prometheus' alerting rules for the spec's services."""
    import yaml

    from chiro_db.report.alerts import alerting_rules

    found = _spec(spec)
    if target is not None and target not in found.targets:
        known = ", ".join(found.targets) or "none"
        raise ChirodbError(f"there is no target `{target}`", hint=f"the spec has {known}")
    section = found.targets[target] if target is not None else None
    made = alerting_rules(found, section.backup if section is not None else None)
    typer.echo(yaml.safe_dump(made, sort_keys=False, allow_unicode=True, width=100), nl=False)


def _spec(path: Path | None) -> Spec:
    from chiro_db.cli.options import spec_path
    from chiro_db.spec.load import load

    return load(spec_path(path)).spec
