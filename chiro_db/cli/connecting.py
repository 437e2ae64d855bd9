"""From the options of a command to what it is about: a spec, a target and a server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chiro_db.cli import completing
from chiro_db.errors import ChirodbError

if TYPE_CHECKING:
    from chiro_db.apply.planning import Job
    from chiro_db.model.spec import Target
    from chiro_db.spec.load import Loaded
    from chiro_db.spec.secrets import Passwords

SpecOption = Annotated[
    Path | None, typer.Option("--spec", help="The spec, a file or a directory.", metavar="PATH")
]
TargetOption = Annotated[
    str | None,
    typer.Option(
        "--target",
        help="A target of the spec; its first one otherwise.",
        metavar="NAME",
        autocompletion=completing.targets,
    ),
]
UrlOption = Annotated[
    str | None,
    typer.Option("--url", help="A libpq URL or conninfo in place of a target.", metavar="URL"),
]
ServiceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--service",
        help="Only what concerns this service; may be repeated.",
        metavar="NAME",
        autocompletion=completing.services,
    ),
]
# Any of these says that libpq's own defaults are meant, as with psql.
LIBPQ = ("PGHOST", "PGHOSTADDR", "PGSERVICE")


def job(
    spec: Path | None,
    target: str | None,
    url: str | None,
    services: list[str] | None = None,
    *,
    secrets: bool = True,
) -> Job:
    """The spec and the server that the options name, which are not connected to yet."""
    from chiro_db.apply.planning import Job
    from chiro_db.catalog.connect import where
    from chiro_db.cli.options import spec_path
    from chiro_db.spec.load import load

    loaded = load(spec_path(spec))
    only = known_services(loaded, services or [])
    name, section, given = chosen(loaded, target, url)
    conninfo = given if section is None else _conninfo(loaded, name, section)
    return Job(
        loaded,
        where(conninfo or "", loaded.spec.database.name),
        target=name,
        protected=section is not None and section.protected,
        skip_blocked=section is not None and section.skip_blocked,
        only=only,
        secrets=_passwords(loaded, only) if secrets else {},
    )


def known_services(loaded: Loaded, names: list[str]) -> frozenset[str]:
    from difflib import get_close_matches

    for name in names:
        if name not in loaded.spec.services:
            close = get_close_matches(name, loaded.spec.services, 1)
            known = ", ".join(loaded.spec.services) or "none"
            raise ChirodbError(
                f"there is no service `{name}`",
                hint=f"did you mean `{close[0]}`?" if close else f"the spec has {known}",
            )
    return frozenset(names)


def checked_target(loaded: Loaded, name: str | None) -> str:
    """The target of that name, else the first; empty where the spec has none."""
    targets = loaded.spec.targets
    if name is not None and name not in targets:
        known = ", ".join(targets) or "none"
        raise ChirodbError(f"there is no target `{name}`", hint=f"the spec has {known}")
    return name or next(iter(targets), "")


def chosen(
    loaded: Loaded, name: str | None, url: str | None
) -> tuple[str, Target | None, str | None]:
    """The target's name and section, nothing where a URL was given, and that URL."""
    targets = loaded.spec.targets
    if name is not None and url is not None:
        raise ChirodbError(
            "--target and --url exclude each other", hint="a target has its URL in the spec"
        )
    if name is not None:
        checked_target(loaded, name)
    else:
        given = url if url is not None else os.environ.get("CHIRODB_URL")
        if given is None and not targets and any(os.environ.get(v) for v in LIBPQ):
            given = ""
        if given is not None:
            return "", None, given
        if not targets:
            raise ChirodbError(
                "the spec has no target, and no --url was given",
                hint="add `targets: {dev: {embedded: true}}`, or set CHIRODB_URL",
            )
        name = next(iter(targets))
    return name, targets[name], None


def _conninfo(loaded: Loaded, name: str, target: Target) -> str:
    if target.url is not None:
        from chiro_db.spec.secrets import resolved

        return resolved(loaded, ("targets", name, "url"), target.url).reveal()
    from chiro_db.embedded import Cluster, apart, state_directory

    return apart(Cluster(state_directory(loaded.path)).start())


def _passwords(loaded: Loaded, only: frozenset[str]) -> Passwords:
    """Of all roles or, with --service, of those that the chosen services are about."""
    from chiro_db.spec.secrets import Passwords

    chosen: set[str] = set()
    for service in map(loaded.spec.services.__getitem__, only):
        chosen.update(service.roles, service.creators, *(grant.to for grant in service.grants))
    references = {
        name: role.password
        for name, role in loaded.spec.roles.items()
        if role.password is not None and (not only or name in chosen)
    }
    return Passwords(loaded, references)
