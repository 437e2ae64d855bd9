"""Whether the transaction of a plan needs more locks than the server promises room for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from chiro_db.model.effect import (
    Granted,
    Joined,
    Left,
    Made,
    On,
    Revoked,
    RoleAltered,
    RoleDropped,
    RoleMade,
)
from chiro_db.model.plan import Change, Step
from chiro_db.model.state import State

_OWNER = (Step.OBJECT_OWNER, Step.MERGE)
_Lock = tuple[str, str]


def too_many(state: State, changes: Collection[Change]) -> list[str]:
    """The warning, and what there is to do about it."""
    runnable = [change for change in changes if change.blocked is None]
    granting = state.server.major >= 18  # from then on GRANT and REVOKE lock what they are on
    owned = [change for change in runnable if change.step in _OWNER]
    above = {lock for change in runnable for lock in _above(change)}
    least = {lock for lock in above if granting or lock[0] == "role"} | _named(owned)
    locks = least | _named(runnable) if granting else least
    room = state.server.lockable
    if len(locks) <= room:
        return []
    ways = [
        "`apply --by-service` takes a transaction for each service",
        "raising max_locks_per_transaction on the server makes room for one",
    ]
    if len(least) <= room and state.foreign is None:
        whole = "`--whole-schemas` keeps it in one, in statements that lock less and take longer"
        ways.insert(0, whole)
    # indexes and TOAST tables change hands with their table, and nobody has counted them
    return [
        f"the transaction has to lock {'at least ' if owned else ''}{len(locks):,} objects, and"
        f" the server has room for {room:,} locks: it may end in `out of shared memory`, with"
        " nothing changed. " + "; ".join(ways)
    ]


def _named(changes: Iterable[Change]) -> set[_Lock]:
    """What is in the schemas."""
    return {("object", name) for change in changes for name in change.locks}


def _above(change: Change) -> Iterator[_Lock]:
    """Roles and schemas."""
    for effect in change.effects:
        match effect:
            case RoleMade(name=name) | RoleAltered(name=name) | RoleDropped(name=name):
                yield "role", name
            case Joined(role=role, member=member) | Left(role=role, member=member):
                yield "role", role
                yield "role", member
            case Granted(on=on, grantees=grantees):
                yield from (("role", grantee) for grantee in grantees if grantee is not None)
                yield from _around(on)
            case Revoked(on=on) | Made(on=on):
                yield from _around(on)


def _around(on: On) -> Iterator[_Lock]:
    if on.maker:
        yield "role", on.maker
    if on.type == "schema" or (on.maker and on.schema):
        yield "schema", on.schema
