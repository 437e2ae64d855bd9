"""Adoption: look, write, and try what was written against the same moment of the database."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from chiro_db.adopt.document import document
from chiro_db.adopt.files import one, split
from chiro_db.adopt.live import Live
from chiro_db.adopt.survey import survey
from chiro_db.catalog.inspect import inspect, snapshot
from chiro_db.collector import uncollected
from chiro_db.errors import RefusedError, SpecError
from chiro_db.kinds.scope import Request, Scope, globs
from chiro_db.model.plan import Plan
from chiro_db.plan.build import build
from chiro_db.spec.load import load

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection

FILE = "chirodb.yaml"


@dataclass(frozen=True, slots=True)
class Adopted:
    """The files of the spec, and what a plan from them would still do."""

    files: Mapping[str, str]  # by path
    unsaid: tuple[str, ...]
    services: int
    schemas: int


@uncollected()
def adopt(
    connection: Connection,
    *,
    schemas: tuple[str, ...] = (),
    roles: tuple[str, ...] = (),
    splitting: bool = False,
) -> Adopted:
    """In one snapshot; nothing on the server is changed."""
    with snapshot(connection):
        found = survey(connection, schemas)
        _check("schema", schemas, [s.name for s in found.schemas if s.extension is None])
        _check("role", roles, found.roles)
        live = Live(found, roles)
        made = document(live)
        files = split(made) if splitting else {FILE: one(made)}
        unsaid = _unsaid(connection, files)
    return Adopted(files, unsaid, len(made.services), len(live.survey.chosen))


def _check(what: str, patterns: Iterable[str], names: Collection[str]) -> None:
    """A pattern that matches nothing is a mistake: the rest would pass for all there is."""
    for text in patterns:
        pattern = globs((text,))
        if pattern is not None and not any(map(pattern.match, names)):
            close = get_close_matches(text, names, 1)
            raise RefusedError(
                f"no {what} here matches `{text}`",
                hint=f"did you mean `{close[0]}`?" if close else None,
            )


def _unsaid(connection: Connection, files: Mapping[str, str]) -> tuple[str, ...]:
    """What a plan with the spec as it was written would change."""
    today = datetime.now(UTC).date()
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            file = Path(folder) / path
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        try:
            loaded = load(Path(folder) / FILE if FILE in files else Path(folder), today)
            state = inspect(connection, Request(loaded.spec))
            plan: Plan = build(Scope(loaded.spec, state, today), loaded.place)
        except SpecError as error:
            return tuple(d.message for d in error.diagnostics if d.severity == "error")
    return tuple(change.summary for change in plan.changes)
