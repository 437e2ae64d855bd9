"""What a shell offers behind an option, read from the spec; silent whatever is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import typer


def services(context: typer.Context, incomplete: str) -> list[str]:
    """Of the spec that the line names so far, else the default one."""
    from chiro_db.spec.names import keys

    return _offered(context, incomplete, lambda path: keys(path, "services"))


def targets(context: typer.Context, incomplete: str) -> list[str]:
    """Likewise."""
    from chiro_db.spec.names import keys

    return _offered(context, incomplete, lambda path: keys(path, "targets"))


def roles(context: typer.Context, incomplete: str) -> list[str]:
    """Likewise, and the words for the roles of a service."""
    from chiro_db.spec.names import roles

    words = ["owner", "app", "migrator"]
    return _offered(context, incomplete, lambda path: [*words, *roles(path)])


def roles_with_passwords(context: typer.Context, incomplete: str) -> list[str]:
    """Likewise."""
    from chiro_db.spec.names import roles

    return _offered(context, incomplete, lambda path: roles(path, with_password=True))


def hazards(incomplete: str) -> list[str]:
    """Those of a plan."""
    from chiro_db.model.plan import Hazard

    return [hazard.value for hazard in Hazard if hazard.value.startswith(incomplete)]


def _offered(
    context: typer.Context, incomplete: str, read: Callable[[Path], list[str]]
) -> list[str]:
    from chiro_db.cli.options import spec_path

    given = context.params.get("spec")
    try:
        names = read(spec_path(Path(given) if given else None))
    except Exception:  # noqa: BLE001 - a shell in the middle of a line wants no message
        return []
    return [name for name in names if name.startswith(incomplete)]
