"""From a file or a folder to a checked spec whose every value knows its line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from yaml.nodes import MappingNode, Node

from chiro_db.collector import uncollected
from chiro_db.errors import Diagnostic, Place, SpecError
from chiro_db.model.spec import Spec
from chiro_db.spec.check import check
from chiro_db.spec.explain import Explainer
from chiro_db.spec.files import read, shown
from chiro_db.spec.merge import merge
from chiro_db.spec.nodes import Builder, Problems, compose
from chiro_db.spec.positions import Path as SpecPath
from chiro_db.spec.positions import Positions

_NEVER_EMPTY = ("version", "database")
_REQUIRED = (("version",), ("database",), ("database", "name"))  # each in whatever file


@dataclass(frozen=True)
class Loaded:
    """A spec that passed all checks, and where it comes from."""

    spec: Spec
    path: Path
    digest: str  # SHA-256; comments, the split into files and the order of keys do not count
    warnings: tuple[Diagnostic, ...]
    positions: Positions = field(repr=False, compare=False)

    @property
    def folder(self) -> Path:
        """Where relative paths of the spec start."""
        return self.path if self.path.is_dir() else self.path.parent

    def place(self, path: tuple[str | int, ...]) -> Place | None:
        """The line of a path such as `("services", "commerce", "grants", 0, "to")`."""
        return self.positions.place(path)


def load(path: Path, today: date | None = None) -> Loaded:
    """Read, merge and check the spec; SpecError carries all its problems at once."""
    with uncollected():
        return _load(path, today or datetime.now(UTC).date())


def _load(path: Path, today: date) -> Loaded:
    values, positions, conflicts = _parse(path)
    content = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    spec: Spec | None = None
    invalid: list[tuple[SpecPath, Diagnostic]] = []
    try:
        spec = Spec.model_validate_json(json.dumps(values))
    except ValidationError as error:
        invalid = Explainer(values, positions).explain(error)
    checked = check(values, positions, today, {path for path, _ in invalid})
    said = {conflict.place for conflict in conflicts if conflict.place}  # of values, as written
    wrong = [problem for path, problem in invalid if positions.of_value(path) not in said]
    found = _unique([*conflicts, *wrong, *checked])
    if spec is None or any(problem.severity == "error" for problem in found):
        raise SpecError(found)
    digest = hashlib.sha256(content.encode()).hexdigest()
    return Loaded(spec, path, digest, tuple(found), positions)


def _parse(path: Path) -> tuple[dict[str, Any], Positions, list[Diagnostic]]:
    sources, problems = read(path)
    roots: list[tuple[str, Node]] = []
    parts: list[tuple[Positions, dict[str, Any]]] = []
    whole: list[int] = []  # which of them stand in a file without problems
    unread = bool(problems)
    for source in sources:
        of_file = Problems(source.name)
        root = compose(source.text, of_file)
        unread = unread or bool(of_file)
        if root is not None:
            builder = Builder(source.text, of_file)
            value = builder.build(root)
            unread = unread or builder.gave_up
            if isinstance(root, MappingNode):
                whole += [] if of_file else [len(roots)]
                roots.append((source.name, root))
                parts.append((Positions(roots[-1:]), value or {}))
            elif value is not None:
                of_file.at(root, "a spec is a mapping", "begin with `version: 1`")
                unread = True
        problems += of_file
    values, conflicts = _merged(parts)
    if unread or (problems and not values):  # what such a file declares would seem to be missing
        of_whole = _apart([parts[i] for i in whole], Positions([roots[i] for i in whole]))
        raise SpecError(_unique([*problems, *of_whole]))
    if not values:
        raise SpecError([_empty(path, bool(sources))])
    return values, Positions(roots), [*problems, *conflicts]


def _merged(
    parts: list[tuple[Positions, dict[str, Any]]],
) -> tuple[dict[str, Any], list[Diagnostic]]:
    """`services:` with nothing behind it is a section without entries."""
    values, conflicts = merge(parts)
    return {k: v for k, v in values.items() if v is not None or k in _NEVER_EMPTY}, conflicts


def _apart(
    parts: list[tuple[Positions, dict[str, Any]]], positions: Positions
) -> Iterator[Diagnostic]:
    """What is wrong in these files whatever stands in those that cannot be read."""
    values, conflicts = _merged(parts)
    yield from conflicts
    try:
        Spec.model_validate_json(json.dumps(values))
    except ValidationError as error:
        for path, problem in Explainer(values, positions).explain(error):
            if path not in _REQUIRED or not problem.message.startswith("missing"):
                yield problem


def _empty(path: Path, has_files: bool) -> Diagnostic:
    if has_files:
        place = None if path.is_dir() else Place(shown(path), 1, 1)
        return Diagnostic(f"the spec `{shown(path)}` is empty", place, "begin with `version: 1`")
    hint = "hidden files do not count"
    return Diagnostic(f"no `*.yaml` or `*.yml` file in the folder `{shown(path)}`", None, hint)


def _unique(problems: Iterable[Diagnostic]) -> list[Diagnostic]:
    """In the order of files and lines; what is wrong with one value is said once."""
    return sorted(dict.fromkeys(problems), key=_position)


def _position(problem: Diagnostic) -> tuple[str, int, int]:
    place = problem.place
    return (place.file, place.line, place.column) if place else ("", 0, 0)
