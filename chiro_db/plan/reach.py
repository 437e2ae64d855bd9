"""What the connected role cannot do: found out before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from chiro_db import sql
from chiro_db.kinds.scope import Scope
from chiro_db.model.plan import Action, Blocked, Change, Need, Statement, Step


class Reach:
    """Memberships that an ordinary administrator gives itself, and what remains blocked."""

    def __init__(self, scope: Scope, changes: Iterable[Change]) -> None:
        self.scope = scope
        self.changes = list(changes)
        self.made = {
            c.name for c in self.changes if c.step == Step.CREATE_ROLE and c.blocked is None
        }
        self.joined: set[str] = set()

    def run(self) -> list[Change]:
        """The changes with what is blocked marked, and the memberships that they need."""
        if self.scope.server.superuser:
            return self.changes
        result = [self._checked(change) for change in self.changes]
        blocked_roles = {c.name for c in result if c.step == Step.CREATE_ROLE and c.blocked}
        return [self._after_blocked(change, blocked_roles) for change in result] + list(
            self._joins()
        )

    def _checked(self, change: Change) -> Change:
        if change.blocked is not None:
            return change
        found = [b for need in sorted(change.needs, key=str) if (b := self._missing(need, change))]
        return replace(change, blocked=found[0]) if found else change

    def _after_blocked(self, change: Change, roles: set[str]) -> Change:
        """What needs a role that cannot be made cannot be done either."""
        waiting = sorted(roles & {need.role for need in change.needs})
        if change.blocked is None and waiting:
            reason = f"role {waiting[0]} cannot be made"
            return replace(change, blocked=Blocked(reason, change.statements[0].shown))
        return change

    def _missing(self, need: Need, change: Change) -> Blocked | None:
        server = self.scope.server
        first = change.statements[0].shown
        me = sql.Name(server.role)
        if need.kind == "superuser":
            return Blocked("needs a superuser", first)
        if need.kind in ("createrole", "createdb"):
            if getattr(server, need.kind):
                return None
            text = f"ALTER ROLE {me} {need.kind.upper()}"
            return Blocked(f"{me} lacks {need.kind.upper()}", text)
        if need.kind == "attribute":
            if server.major >= 16 and getattr(server, need.role):
                return None
            return Blocked(f"{need.role.upper()} needs a superuser", first)
        if need.kind == "parameter":
            if need.role in self.scope.state.settable:
                return None
            if server.major >= 15:
                text = f"GRANT SET ON PARAMETER {sql.Name(*need.role.split('.'))} TO {me}"
                return Blocked(f"{me} may not set {need.role}", text)
            return Blocked(f"{need.role} needs a superuser before PostgreSQL 15", first)
        if need.kind == "create in database":
            return self._create_in_database(first)
        return self._role(need, first)

    def _create_in_database(self, statement: str) -> Blocked | None:
        scope = self.scope
        database = scope.actual_database
        if database is None or database.owner == scope.server.role:
            return None
        owner = scope.actual_roles.get(database.owner)
        if owner is not None and owner.usable:
            return None
        if scope.server.may_create:
            return None
        name = sql.Name(scope.spec.database.name)
        text = f"GRANT CREATE ON DATABASE {name} TO {sql.Name(scope.server.role)}"
        return Blocked(f"{scope.server.role} may not create in the database", text)

    def _role(self, need: Need, statement: str) -> Blocked | None:
        """May the connected role act as, or administer, the other one?"""
        scope, server, name = self.scope, self.scope.server, need.role
        if name == server.role and need.kind == "use":
            return None
        if name in self.made:
            if need.kind == "use":
                self.joined.add(name)
            return None
        role = scope.actual_roles.get(name)
        if role is None:
            return None  # reported elsewhere: it does not exist
        if need.kind == "use" and role.usable and role.settable:
            return None
        if server.major >= 16:
            administers = role.administrable
        else:
            administers = (server.createrole or role.administrable) and not role.superuser
        me, other = sql.Name(server.role), sql.Name(name)
        if administers:
            if need.kind == "use":
                self.joined.add(name)
            return None
        if role.superuser:
            return Blocked(f"{other} is a superuser", statement)
        text = f"GRANT {other} TO {me} WITH ADMIN OPTION"
        return Blocked(f"{me} has no ADMIN option on {other}", text)

    def _joins(self) -> Iterator[Change]:
        """GRANT role TO CURRENT_USER: the administrator must be able to act as the role."""
        server = self.scope.server
        new = server.major >= 16
        if new and self.joined & self.made:
            yield Change(
                kind="membership",
                address="membership.createrole_self_grant",
                name=server.role,
                action=Action.CREATE,
                summary=f"let {sql.quote_name(server.role)} act as the roles that it makes",
                step=Step.PREPARE,
                statements=(Statement("SET LOCAL createrole_self_grant = 'set, inherit'"),),
                origin="the connected role is no superuser",
            )
        for name in sorted(self.joined):
            if new and name in self.made:
                continue  # createrole_self_grant does it, docs/kinds/membership.md
            options = sql.Listed([sql.Keyword("INHERIT TRUE"), sql.Keyword("SET TRUE")])
            text = sql.statement(
                "membership/create",
                role=sql.Name(name),
                member=sql.Name(server.role),
                options=options if new else None,
            )
            yield Change(
                kind="membership",
                address=f"membership.{name}.{server.role}",
                name=server.role,
                action=Action.CREATE,
                summary=f"make {sql.quote_name(server.role)} a member of {sql.Name(name)},"
                " to act as it",
                step=Step.REACH,
                statements=(Statement(text),),
                after={"role": name, "member": server.role},
                origin="the connected role is no superuser",
            )
