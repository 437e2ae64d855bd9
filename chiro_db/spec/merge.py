"""Several files as one spec: merged key by key, and nothing is said twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chiro_db.errors import Diagnostic
from chiro_db.spec.positions import Path, Positions

# What is declared as a whole, in one file.
_WHOLE: Mapping[str, str] = {
    "services": "service",
    "roles": "role",
    "levels": "level",
    "targets": "target",
    "policies": "policy",
}


def merge(
    files: Sequence[tuple[Positions, dict[str, Any]]],
) -> tuple[dict[str, Any], list[Diagnostic]]:
    """The merged values (the first file wins) and what a later file says again."""
    merged: dict[str, Any] = {}
    owners: dict[Path, Positions] = {}
    problems: list[Diagnostic] = []
    for positions, values in files:
        _into(merged, values, (), positions, owners, problems)
    return merged, problems


def _into(
    merged: dict[str, Any],
    values: dict[str, Any],
    path: Path,
    positions: Positions,
    owners: dict[Path, Positions],
    problems: list[Diagnostic],
) -> None:
    for key, value in values.items():
        here = (*path, key)
        if key not in merged or (merged[key] is None and not path):
            merged[key] = value
            owners[here] = positions
        elif _mergeable(merged[key], value, path):
            _into(merged[key], value, here, positions, owners, problems)
        elif not _agrees(merged[key], value, here):
            problems.append(_twice(here, positions, owners))


def _mergeable(merged: Any, value: Any, path: Path) -> bool:
    return isinstance(merged, dict) and isinstance(value, dict) and path[:1] not in _SECTIONS


_SECTIONS = {(section,) for section in _WHOLE}


def _agrees(merged: Any, value: Any, path: Path) -> bool:
    """Each file may carry the version, and an empty section says nothing."""
    return len(path) == 1 and (value is None or (path == ("version",) and merged == value))


def _twice(path: Path, positions: Positions, owners: dict[Path, Positions]) -> Diagnostic:
    kind = _WHOLE.get(str(path[0])) if len(path) == 2 else None
    name = f"the {kind} `{path[1]}`" if kind else f"`{'.'.join(map(str, path))}`"
    owner = next(owners[path[:end]] for end in range(len(path), 0, -1) if path[:end] in owners)
    hint = f"it stands in {owner.place(path)} already"
    return Diagnostic(f"{name} stands in two files", positions.place(path), hint)
