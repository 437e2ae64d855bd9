"""What changes in effective access from one world to another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chiro_db.access.effective import PREDEFINED, Held, everywhere, holders
from chiro_db.access.world import Group, Object, World
from chiro_db.model.acl import Grantee
from chiro_db.model.privilege import PRIVILEGES, Securable
from chiro_db.model.turn import Turn, Turns
from chiro_db.sql import quote_name

_Place = tuple[str, Securable, str, bool]  # schema, type, relation, future
_Side = tuple[str, frozenset[object]]  # owner and ACL
_Changed = Mapping[Grantee, tuple[frozenset[str], frozenset[str]]]  # gained and lost


def difference(before: World, after: World) -> Turns:
    """By role; what a superuser may do needs no grant, and what PUBLIC gains is PUBLIC's alone."""
    found: dict[tuple[Grantee, bool, _Place], dict[str, set[str]]] = {}
    old, new = _by_object(before), _by_object(after)
    roles_differ = _roles_differ(before, after)
    known: dict[tuple[object, ...], _Changed] = {}
    for key in dict.fromkeys((*old, *new)):
        was, becomes = old.get(key), new.get(key)
        sides = (_side(was), _side(becomes))
        if sides[0] == sides[1] and not roles_differ:
            continue
        place, item = key
        pair = (place, sides)
        if pair not in known:
            known[pair] = dict(_changed(before, was, after, becomes))
        name = item[0] if item[1] is None else f"{item[0]}({item[1]})"
        for role, both in known[pair].items():
            for gained, privileges in ((True, both[0]), (False, both[1])):
                if privileges:
                    names = found.setdefault((role, gained, place), {})
                    names.setdefault(name, set()).update(privileges)
    turns = [turn for key, names in found.items() for turn in _turns(*key, names)]
    turns.sort(key=_order)
    return Turns(tuple(turns), tuple(_notes(before, after)))


def _order(turn: Turn) -> tuple[object, ...]:
    kinds = list(PRIVILEGES)
    return (
        turn.role is not None,
        turn.role or "",
        not turn.gained,
        turn.schema,
        turn.future,
        kinds.index(turn.type),
        turn.relation,
        turn.objects,
    )


def _by_object(world: World) -> dict[tuple[_Place, Object], Group]:
    return {
        ((group.schema, group.type, group.relation, group.future), item): group
        for group in world.groups
        for item in ([(group.owner, None)] if group.future else group.objects)
    }


def _side(group: Group | None) -> _Side:
    return ("", frozenset()) if group is None else (group.owner, frozenset(group.entries))


def _roles_differ(before: World, after: World) -> bool:
    old, new = before.roles, after.roles
    return (
        old.superusers != new.superusers
        or old.database_owner != new.database_owner
        or {(e.role, e.member) for e in old.edges if e.inherit}
        != {(e.role, e.member) for e in new.edges if e.inherit}
    )


def _changed(
    before: World, was: Group | None, after: World, becomes: Group | None
) -> Iterator[tuple[Grantee, tuple[frozenset[str], frozenset[str]]]]:
    old: Mapping[Grantee, Held] = holders(before, was) if was is not None else {}
    new: Mapping[Grantee, Held] = holders(after, becomes) if becomes is not None else {}
    public_before, public_after = set(old.get(None, ())), set(new.get(None, ()))
    group = becomes or was
    for role in {*old, *new}:
        mine, then = set(old.get(role, ())), set(new.get(role, ()))
        if role is None:
            yield role, (frozenset(then - mine), frozenset(mine - then))
            continue
        if role in before.roles.superusers | after.roles.superusers:
            continue
        if role in before.roles.names and role not in after.roles.names:
            continue  # it is dropped, which is said once
        kind = "table" if group is None else group.type
        gained = then - mine - public_before - public_after - _standing(before, role, kind)
        lost = mine - then - public_after - _standing(after, role, kind)
        yield role, (frozenset(gained), frozenset(lost))


def _standing(world: World, role: str, securable: Securable) -> set[str]:
    of: Securable = "table" if securable == "column" else securable
    return {
        privilege
        for name in everywhere(world.roles, role)
        for privilege in PREDEFINED.get(name, {}).get(of, ())
    }


def _turns(
    role: Grantee, gained: bool, place: _Place, names: Mapping[str, set[str]]
) -> Iterator[Turn]:
    schema, kind, relation, future = place
    together: dict[tuple[str, ...], list[str]] = {}
    for name, privileges in names.items():
        ordered = tuple(p for p in PRIVILEGES[kind] if p in privileges)
        together.setdefault(ordered, []).append(name)
    for privileges_, objects in together.items():
        listed = () if future else tuple(sorted(objects))
        yield Turn(role, gained, schema, kind, privileges_, listed, relation, future)


def _notes(before: World, after: World) -> Iterator[tuple[str, str]]:
    old, new = before.roles, after.roles
    for role in sorted(old.names | new.names):
        if role not in new.names:
            yield role, "is dropped, and what it could do ends"
            continue
        if role not in old.names:
            if role in new.accounts:
                yield role, "is new"
        elif old.logs_in(role) != new.logs_in(role) and role in old.accounts:
            yield role, "may log in" if new.logs_in(role) else "may no longer log in"
        was, becomes = everywhere(old, role), everywhere(new, role)
        for name in sorted(becomes.keys() - was.keys() - {role}):
            yield role, _power(name, gained=True)
        for name in sorted(was.keys() - becomes.keys() - {role}):
            yield role, _power(name, gained=False)
        if role in new.superusers:
            continue
        sets = old.settable(role).keys(), new.settable(role).keys()
        for name in sorted(sets[1] - sets[0] - new.above(role).keys()):
            yield role, f"may SET ROLE to {quote_name(name)}"
        for name in sorted(sets[0] - sets[1] - old.above(role).keys()):
            yield role, f"may no longer SET ROLE to {quote_name(name)}"


def _power(name: str, *, gained: bool) -> str:
    if name == "superuser":
        return "becomes a superuser: may do everything" if gained else "is no superuser any more"
    return f"{'gains' if gained else 'loses'} what {name} may do everywhere"
