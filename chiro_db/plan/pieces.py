"""Long lists of names in several statements, where one transaction holds very many locks.

From 18 on GRANT and REVOKE lock what they name. At the end of a statement that took more than 15
locks PostgreSQL goes through all that the transaction holds (MAX_RESOWNER_LOCKS in resowner.c), so
that long lists cost the square of the tables (docs/decisions/0014).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from chiro_db.model.plan import Change, Statement
from chiro_db.model.state import State
from chiro_db.plan.whole import named_on, replaced

FEW = 7  # names, beside the locks on the catalogs that a GRANT writes to
_PAYS = 500  # locks held for each name listed, from which on more statements take less time


def in_pieces(state: State, changes: list[Change]) -> list[Change]:
    """With lists of a few names, where that is cheaper and there is room for all the locks."""
    if state.server.major < 18:
        return changes
    held = len({name for c in changes if c.blocked is None for name in c.locks})
    if held > state.server.lockable:
        return changes
    return [
        _parted(change) if FEW < len(change.locks) < held / _PAYS else change for change in changes
    ]


def _parted(change: Change) -> Change:
    on = named_on(change)
    if on is None:
        return change
    start = f" ON {on.type.upper()} "
    lists = [
        start + ", ".join(change.locks[at : at + FEW]) + " "
        for at in range(0, len(change.locks), FEW)
    ]
    whole = start + ", ".join(change.locks) + " "
    return replace(change, statements=tuple(_texts(change.statements, whole, lists)))


def _texts(statements: Iterable[Statement], whole: str, lists: list[str]) -> Iterator[Statement]:
    for statement in statements:
        parts = (replaced(statement, whole, part) for part in lists)
        yield from dict.fromkeys(parts)  # one and the same where the list does not stand in it
