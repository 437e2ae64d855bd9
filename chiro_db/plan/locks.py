"""Whether the transaction of a plan needs more locks than the server promises room for."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from chiro_db.model.plan import Change, Step
from chiro_db.model.state import State

_OWNER = (Step.OBJECT_OWNER, Step.MERGE)


def too_many(state: State, changes: Collection[Change]) -> list[str]:
    """The warning, and what there is to do about it."""
    owned = _locked(change for change in changes if change.step in _OWNER)
    granting = state.server.major >= 18  # from then on GRANT and REVOKE lock what they name
    locked = _locked(changes) if granting else owned
    room = state.server.lockable
    if len(locked) <= room:
        return []
    ways = [
        "`apply --by-service` takes a transaction for each service",
        "raising max_locks_per_transaction on the server makes room for one",
    ]
    if granting and len(owned) <= room and state.foreign is None:
        ways.insert(
            0, "`--whole-schemas` keeps it in one, in statements that lock less and take longer"
        )
    return [
        f"the transaction has to lock {len(locked):,} objects, and the server has room for"
        f" {room:,} locks: it may end in `out of shared memory`, with nothing changed. "
        + "; ".join(ways)
    ]


def _locked(changes: Iterable[Change]) -> set[str]:
    return {name for change in changes if change.blocked is None for name in change.locks}
