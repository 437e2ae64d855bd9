"""From the options of a `backup` command to services and the stores of their backups."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chiro_db.cli import completing
from chiro_db.errors import ChirodbError

if TYPE_CHECKING:
    from chiro_db.backup.settings import Settings
    from chiro_db.backup.store import Store
    from chiro_db.spec.load import Loaded

ServicesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        help="Only these services; all otherwise.",
        metavar="[SERVICE]...",
        autocompletion=completing.services,
    ),
]
StoreOption = Annotated[
    str | None,
    typer.Option("--store", help="A folder or URL in place of the spec's stores.", metavar="STORE"),
]
BindirOption = Annotated[
    Path | None,
    typer.Option("--bindir", help="Where pg_dump and pg_restore are.", metavar="DIRECTORY"),
]


def chosen(
    loaded: Loaded, target: str, services: list[str] | None, store: str | None
) -> list[tuple[Settings, list[Store]]]:
    """Each service with its stores, its own the first; a store is opened once."""
    from chiro_db.backup.settings import settings
    from chiro_db.backup.store import named

    opened: dict[str, Store] = {}
    base = Path.cwd() if store is not None else loaded.folder
    result = []
    for service in services or loaded.spec.services:
        of_service = settings(loaded.spec, target, named(service), store)
        for address in of_service.stores:
            if address not in opened:
                opened[address] = _opened(loaded, address, base)
        result.append((of_service, [opened[address] for address in of_service.stores]))
    if not result:
        raise ChirodbError("the spec has no service", hint="add one under `services:`")
    return result


def _opened(loaded: Loaded, address: str, base: Path) -> Store:
    from chiro_db.backup.store import open_store
    from chiro_db.spec.secrets import resolve

    return open_store(resolve(address, loaded.folder).reveal(), base)


def offline(
    spec: Path | None, target: str | None, services: list[str] | None, store: str | None
) -> tuple[Loaded, list[tuple[Settings, list[Store]]]]:
    """For the commands that need no server: the spec, and the stores of the target."""
    from chiro_db.cli.connecting import checked_target, known_services
    from chiro_db.cli.options import spec_path
    from chiro_db.spec.load import load

    loaded = load(spec_path(spec))
    known_services(loaded, services or [])
    name = checked_target(loaded, target)
    return loaded, chosen(loaded, name, services, store)
