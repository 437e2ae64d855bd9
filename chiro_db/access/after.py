"""The world as a plan will leave it: its effects, one after the other, on what is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace
from itertools import chain
from typing import TYPE_CHECKING

from chiro_db.access.roles import Edge, Roles
from chiro_db.access.world import Group, World, joined
from chiro_db.kinds.role import Fact
from chiro_db.model.acl import Entry, reowned
from chiro_db.model.effect import (
    Effect,
    Granted,
    Joined,
    Left,
    Made,
    On,
    Owned,
    Revoked,
    RoleAltered,
    RoleDropped,
    RoleMade,
    SelfGranted,
)
from chiro_db.model.privilege import PRIVILEGES, Securable
from chiro_db.model.revoking import ActsAs, Revoke, without

if TYPE_CHECKING:
    from chiro_db.model.plan import Plan
    from chiro_db.model.state import Server

_OPTIONS = ("admin", "inherit", "set")  # of a membership
_Key = tuple[Securable, str, str, str | None, str]  # relation or name, arguments, column or maker
_Held = tuple[str, frozenset[Entry]]  # owner, ACL
_Turn = Callable[[str, frozenset[Entry]], _Held]


def after(before: World, plan: Plan, server: Server) -> World:
    """With what will run; what is blocked, and extras that are only reported, change nothing."""
    future = _Future(before, server)
    for change in plan.runnable:
        for effect in change.effects:
            future.take(effect)
    return future.world()


class _Future:
    """Objects one by one, roles and memberships, as effect after effect changes them."""

    def __init__(self, before: World, server: Server) -> None:
        self.before = before
        self.server = server
        self.self_grants = False
        self.database_owner = before.roles.database_owner
        self.accounts = dict(before.roles.accounts)
        self.edges = list(before.roles.edges)
        self._roles: Roles | None = before.roles
        self.held: dict[_Key, _Held] = {}
        self.columns: dict[tuple[str, str], list[_Key]] = {}
        for group in before.rows:
            on = On(
                group.type,
                group.schema,
                group.objects,
                group.relation,
                group.owner if group.future else "",
            )
            for key in _keys(on):
                self._put(key, (group.owner, group.entries))

    def _put(self, key: _Key, held: _Held) -> None:
        if key[0] == "column" and key not in self.held:
            self.columns.setdefault((key[1], key[2]), []).append(key)
        self.held[key] = held

    @property
    def roles(self) -> Roles:
        if self._roles is None:
            self._roles = Roles(self.accounts, self.edges, self.database_owner, self.before.version)
        return self._roles

    def world(self) -> World:
        rows = tuple(joined(_group(key, held) for key, held in self.held.items()))
        return replace(self.before, roles=self.roles, rows=rows)

    def take(self, effect: Effect) -> None:
        match effect:
            case Made(on, owner, entries):
                self._change(on, lambda _owner, _entries: (owner, entries))
                if on.type == "database":
                    self.database_owner, self._roles = owner, None
            case Owned():
                self._own(effect)
            case Granted():
                self._grant(effect)
            case Revoked():
                self._revoke(effect)
            case SelfGranted():
                self.self_grants = True
            case _:
                self._take_role(effect)
                self._roles = None

    # -- objects -----------------------------------------------------------------------------

    def _change(self, on: On, turn: _Turn, default: str = "") -> None:
        """Alike what is alike is computed once."""
        done: dict[_Held, _Held] = {}
        for key in _keys(on):
            now = self.held.get(key, (default, frozenset()))
            if now not in done:
                done[now] = turn(*now)
            self._put(key, done[now])

    def _columns_of(self, on: On) -> Iterator[On]:
        if on.type in ("table", "sequence") and self.columns:
            for name, _ in on.objects:
                keys = self.columns.get((on.schema, name), ())
                names = tuple((key[4], None) for key in keys)
                if names:
                    yield On("column", on.schema, names, name)

    def _own(self, effect: Owned) -> None:
        new = effect.owner

        def turn(owner: str, entries: frozenset[Entry]) -> _Held:
            return new, reowned(entries, owner, new)

        sequences = On("sequence", effect.on.schema, effect.following)
        parts = (self._columns_of(on) for on in (effect.on, sequences))
        for on in (effect.on, sequences, *chain.from_iterable(parts)):
            self._change(on, turn)
        if effect.on.type == "database":
            self.database_owner, self._roles = new, None

    def _grant(self, effect: Granted) -> None:
        def turn(owner: str, entries: frozenset[Entry]) -> _Held:
            rows = {entry[:3]: entry.grantable for entry in entries}
            for grantee in effect.grantees:
                for privilege in effect.privileges:
                    key = (grantee, privilege, effect.owner)
                    rows[key] = rows.get(key, False) or effect.grantable
            return owner, frozenset(Entry(*key, option) for key, option in rows.items())

        self._change(effect.on, turn, effect.owner)

    def _revoke(self, effect: Revoked) -> None:
        def revoking(privileges: Iterable[str]) -> _Turn:
            steps = [
                Revoke(effect.grantee, p, effect.option_only, cascade=True, lent=effect.lent)
                for p in privileges
            ]
            return lambda owner, entries: (
                owner,
                without(entries, effect.owner, steps, self._acts_as(), by=effect.by),
            )

        self._change(effect.on, revoking(effect.privileges), effect.owner)
        below = [p for p in effect.privileges if p in PRIVILEGES["column"]]
        for on in self._columns_of(effect.on):  # a table's REVOKE goes for its columns, too
            self._change(on, revoking(below))

    def _acts_as(self) -> ActsAs:
        roles = self.roles
        return lambda role, other: role in roles.superusers or other in roles.above(role)

    # -- roles -------------------------------------------------------------------------------

    def _take_role(self, effect: Effect) -> None:
        recent = self.server.major >= 16
        match effect:
            case RoleMade(name, attributes):
                self.accounts[name] = _account(name, attributes)
                if recent and not self.server.superuser:
                    me, by = self.server.role, self.server.bootstrap
                    self.edges.append(Edge(name, me, False, False, by, admin=True))
                    if self.self_grants:
                        self.edges.append(Edge(name, me, True, True, me))
            case RoleAltered(name, attributes):
                known = {f.name for f in fields(Fact)}
                values = {k: v for k, v in attributes.items() if k in known}
                if name in self.accounts:
                    self.accounts[name] = replace(self.accounts[name], **values)
                if not recent and "inherit" in values:
                    inherit = values["inherit"]
                    self.edges = [
                        replace(e, inherit=inherit) if e.member == name else e for e in self.edges
                    ]
            case RoleDropped(name, heir):
                self._drop(name, heir)
            case Joined(role, member, admin, inherit, settable):
                self.edges.append(Edge(role, member, inherit, settable, self.server.role, admin))
            case Left(role, member, grantor, option):
                for edge in [e for e in self.edges if (e.role, e.member) == (role, member)]:
                    if edge.grantor == grantor or not recent:
                        self._leave(edge, option)
            case _:
                raise TypeError(f"not an effect on roles: {effect!r}")

    def _leave(self, edge: Edge, option: str | None) -> None:
        """Without ADMIN the grants of the member do not stand (from 16 on)."""
        if edge not in self.edges:
            return
        self.edges.remove(edge)
        if option is not None:
            kept = {name: getattr(edge, name) and name != option for name in _OPTIONS}
            self.edges.append(Edge(edge.role, edge.member, grantor=edge.grantor, **kept))
        if self.server.major < 16 or not edge.admin or option not in (None, "admin"):
            return
        rest = [e for e in self.edges if e.role == edge.role]
        if not any(e.member == edge.member and e.admin for e in rest):
            for other in [e for e in rest if e.grantor == edge.member]:
                self._leave(other, None)

    def _drop(self, name: str, heir: str | None) -> None:
        """REASSIGN OWNED, DROP OWNED, DROP ROLE."""
        for key, (owner, entries) in list(self.held.items()):
            if key[4] == name and not key[2]:
                del self.held[key]  # its default privileges
                continue
            if owner == name and heir is not None:
                owner, entries = heir, reowned(entries, name, heir)
            kept = frozenset(e for e in entries if name not in (e.grantee, e.grantor))
            self.held[key] = (owner, kept)
        self.accounts.pop(name, None)
        self.edges = [e for e in self.edges if name not in (e.role, e.member)]
        if self.server.major >= 16:
            self.edges = [e for e in self.edges if e.grantor != name]


def _keys(on: On) -> Iterator[_Key]:
    if on.maker:
        yield on.type, on.schema, "", None, on.maker
    elif on.relation:
        for name, _ in on.objects:
            yield on.type, on.schema, on.relation, None, name
    else:
        for name, arguments in on.objects:
            yield on.type, on.schema, name, arguments, ""


def _group(key: _Key, held: _Held) -> Group:
    kind, schema, name, arguments, part = key
    owner, entries = held
    if kind == "column":
        return Group(kind, schema, owner, entries, ((part, None),), name)
    if part:
        return Group(kind, schema, part, entries, (), future=True)
    return Group(kind, schema, owner, entries, ((name, arguments),))


def _account(name: str, attributes: object) -> Fact:
    given = dict(attributes) if isinstance(attributes, dict) else {}
    values = {
        **dict.fromkeys(
            ("superuser", "createdb", "createrole", "replication", "bypassrls", "login"), False
        ),
        "inherit": True,
        "connection_limit": -1,
        "valid_until": None,
        **given,
    }
    known = {f.name for f in fields(Fact)} & set(values)
    return Fact(
        name=name,
        expired=False,
        comment=None,
        usable=False,
        settable=False,
        administrable=False,
        **{key: values[key] for key in known},
    )
