"""GRANT and REVOKE on all that a schema has of a kind, which lock none of it: `--whole-schemas`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from chiro_db import sql
from chiro_db.model.effect import Granted, On, Revoked
from chiro_db.model.plan import Change, Plan, Step
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
    present: Counter[tuple[str, str]] = Counter()
    for fact in state.facts.get("object", ()):
        present[(fact.schema, fact.type)] += len(fact.names)
    for schema in _extended_by(changes):
        for kind in _WORDS:
            del present[(schema, kind)]
    for group in state.foreign:
        del present[group]
    return [
        _shortened(change, on)
        if (on := _on(change)) is not None and len(on.objects) == present[(on.schema, on.type)]
        else change
        for change in changes
    ]


def overreached(done: Plan, now: State) -> Iterator[Change]:
    """What went for all in a schema where, by now, something is of an extension."""
    for change in done.runnable:
        on = _on(change)
        if on is not None and not change.locks and (on.schema, on.type) in (now.foreign or ()):
            yield change


def _extended_by(changes: Iterable[Change]) -> Iterator[str]:
    """The schemas into which an earlier step puts an extension."""
    for change in changes:
        if change.kind == "extension" and change.blocked is None and change.after is not None:
            yield change.after["schema"]


def _on(change: Change) -> On | None:
    """What it grants or revokes on, where there is a statement for all of a kind."""
    if change.step not in _STEPS or change.blocked is not None:
        return None
    found = (e.on for e in change.effects if isinstance(e, Granted | Revoked))
    return next((on for on in found if on.type in _WORDS), None)


def _shortened(change: Change, on: On) -> Change:
    named = f" ON {on.type.upper()} {', '.join(change.locks)} "
    words = sql.Keyword(_WORDS[on.type])
    every = f" ON {sql.statement('grant/whole', kinds=words, schema=sql.Name(on.schema))} "
    statements = tuple(replace(s, sql=s.sql.replace(named, every, 1)) for s in change.statements)
    return replace(change, statements=statements, locks=())
