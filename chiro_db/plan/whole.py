"""GRANT and REVOKE on all that a schema has of a kind, which lock none of it: `--whole-schemas`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from chiro_db import sql
from chiro_db.model.effect import Granted, On, Revoked
from chiro_db.model.plan import Change, Plan, Statement, Step
from chiro_db.model.privilege import Securable
from chiro_db.model.state import State

_WORDS: Mapping[Securable, str] = {
    "table": "TABLES",
    "sequence": "SEQUENCES",
    "routine": "ROUTINES",
}
_STEPS = (Step.RETRACT, Step.REVOKE, Step.GRANT)


def whole(state: State, changes: Iterable[Change]) -> list[Change]:
    """With ALL ... IN SCHEMA in place of names, where these are all that there is to reach."""
    if state.foreign is None:
        return list(changes)
    changes = list(changes)
    present = _present(state, changes)
    shortened = [_shortened(change) for change in changes]
    reached: Counter[Hashable] = Counter()
    for short in shortened:
        if short is not None:
            reached[short.alike] += len(short.on.objects)
    return [
        short.change
        if short is not None and reached[short.alike] == present[(short.on.schema, short.on.type)]
        else change
        for change, short in zip(changes, shortened, strict=True)
    ]


def overreached(done: Plan, now: State) -> Iterator[Change]:
    """What went for all in a schema where, by now, something is of an extension."""
    for change in done.runnable:
        on = named_on(change)
        if on is not None and not change.locks and (on.schema, on.type) in (now.foreign or ()):
            yield change


def _present(state: State, changes: Iterable[Change]) -> Counter[tuple[str, str]]:
    """How many objects there are by schema and type; none where some are in no fact."""
    present: Counter[tuple[str, str]] = Counter()
    extended = set(_extended_by(changes))
    if None in extended:  # where its control file says
        return present
    for fact in state.facts.get("object", ()):
        present[(fact.schema, fact.type)] += len(fact.names)
    filled = {(schema, kind) for schema in extended for kind in _WORDS}
    for group in filled.union(state.foreign or ()):
        del present[group]
    return present


def _extended_by(changes: Iterable[Change]) -> Iterator[str | None]:
    """The schemas into which an earlier step puts an extension."""
    for change in changes:
        if change.kind == "extension" and change.blocked is None and change.after is not None:
            yield change.after["schema"]


def named_on(change: Change) -> On | None:
    """What it grants or revokes on, where there is a statement for all of a kind."""
    if change.step not in _STEPS or change.blocked is not None:
        return None
    found = (e.on for e in change.effects if isinstance(e, Granted | Revoked))
    return next((on for on in found if on.type in _WORDS), None)


class _Short(NamedTuple):
    """A change as it is said of all in a schema, and what others say that are alike."""

    change: Change
    on: On
    alike: Hashable


def replaced(statement: Statement, listed: str, by: str) -> Statement:
    """With another list; a name in quotes can look like one, but stands behind it or elsewhere."""
    head, found, tail = statement.sql.partition(listed)
    return replace(statement, sql=head + by + tail) if found and '"' not in head else statement


def _shortened(change: Change) -> _Short | None:
    on = named_on(change)
    if on is None:
        return None
    named = f" ON {on.type.upper()} {', '.join(change.locks)} "
    words = sql.Keyword(_WORDS[on.type])
    every = f" ON {sql.statement('grant/whole', kinds=words, schema=sql.Name(on.schema))} "
    statements = tuple(replaced(s, named, every) for s in change.statements)
    # of owner and creators: said twice it is the same, but for a grantor who has nothing any more
    alike = change.address if change.step == Step.RETRACT else (change.step, statements)
    return _Short(replace(change, statements=statements, locks=()), on, alike)
