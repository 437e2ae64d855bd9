"""What the connected role cannot do: found out before anything runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from chiro_db import sql
from chiro_db.kinds import provider
from chiro_db.kinds.scope import Scope
from chiro_db.model.effect import Joined, SelfGranted
from chiro_db.model.plan import Action, Blocked, Change, Need, Statement, Step
from chiro_db.model.predefined import DATABASE_OWNER

_ORIGIN = "the connected role is no superuser"


class Reach:
    """Memberships that an ordinary administrator gives itself, and what remains blocked."""

    def __init__(self, scope: Scope, changes: Iterable[Change]) -> None:
        self.scope = scope
        self.server = scope.server
        self.me = sql.Name(scope.server.role)
        self.changes = list(changes)
        self.made = frozenset(c.name for c in self.changes if c.step == Step.CREATE_ROLE)

    def run(self) -> list[Change]:
        """The changes with what is blocked marked, and the memberships that they need."""
        if self.server.superuser:
            return self.changes
        result = [self._checked(change) for change in self.changes]
        result = _followed(result)
        needs = {need for change in result if change.blocked is None for need in change.needs}
        return [*map(_as_owner, result), *self._joins(needs)]

    def _checked(self, change: Change) -> Change:
        if change.blocked is not None:
            return change
        text = _all(change)
        needs = sorted(change.needs, key=lambda n: (n.kind, n.role))
        found = [
            replace(blocked, statement=command, outside=True)
            if need.kind == "parameter" and (command := self._from_outside(change))
            else blocked
            for need in needs
            if (blocked := self._missing(need, text)) is not None
        ]
        if not found:
            return change
        # the change itself, where someone else has to make it; else what makes it possible
        direct = next((blocked for blocked in found if blocked.statement == text), None)
        first = "; ".join(dict.fromkeys(blocked.statement for blocked in found))
        outside = any(blocked.outside for blocked in found)
        return replace(change, blocked=direct or Blocked(found[0].reason, first, outside))

    def _from_outside(self, change: Change) -> str | None:
        """A managed service's own command, since there nobody is a superuser."""
        if change.after is None:
            return None
        known = self.scope.state.parameters.get(change.name.lower())
        value = str(change.after["value"])
        return provider.command(self.server.provider, change.name, value, known)

    def _missing(self, need: Need, statement: str) -> Blocked | None:
        """What stands against it; `statement` is for someone who is above all this."""
        server, me = self.server, self.me
        if need.kind == "superuser":
            return Blocked("needs a superuser", statement)
        if need.kind in ("createrole", "createdb"):
            if getattr(server, need.kind):
                return None
            return Blocked(
                f"{me} lacks {need.kind.upper()}", f"ALTER ROLE {me} {need.kind.upper()}"
            )
        if need.kind == "attribute":
            return self._attribute(need.role, statement)
        if need.kind == "parameter":
            return self._parameter(need.role, statement)
        if need.kind == "create in database":
            return self._create_in_database(statement)
        if need.kind in ("use", "as"):
            return self._use(need.role, statement)
        if need.kind == "grantor":
            role = self._role(need.role)
            if role is None or role.usable:
                return None
            return Blocked(f"{sql.Name(need.role)} granted it", statement)
        if need.role == server.role and need.kind in ("settings", "password"):
            return None
        if need.kind != "admin" and not server.createrole:
            return Blocked(f"{me} lacks CREATEROLE", f"ALTER ROLE {me} CREATEROLE")
        role = self._role(need.role)
        alters = server.major < 16 and need.kind in ("alter", "password")
        if alters and role is not None and role.replication:
            return Blocked(f"{sql.Name(need.role)} has REPLICATION", statement)
        return self._admin(need.role, statement)

    def _attribute(self, attribute: str, statement: str) -> Blocked | None:
        """From 16 on who has an attribute may give it."""
        if self.server.major < 16 and attribute == "createdb":
            return None
        if self.server.major >= 16 and getattr(self.server, attribute):
            return None
        return Blocked(f"{attribute.upper()} needs a superuser", statement)

    def _parameter(self, name: str, statement: str) -> Blocked | None:
        if name.lower() in self.scope.state.settable:
            return None
        if self.server.major >= 15:
            text = f"GRANT SET ON PARAMETER {sql.Name(*name.split('.'))} TO {self.me}"
            return Blocked(f"{self.me} may not set {name}", text)
        return Blocked(f"{name} needs a superuser before PostgreSQL 15", statement)

    def _create_in_database(self, statement: str) -> Blocked | None:
        database = self.scope.actual_database
        if database is None or self.server.may_create:
            return None
        if self._use(database.owner, statement) is None:
            return None
        name = sql.Name(self.scope.spec.database.name)
        text = f"GRANT CREATE ON DATABASE {name} TO {self.me}"
        return Blocked(f"{self.me} may not create in the database", text)

    def _role(self, name: str) -> Any:
        """The role as it is; None where it will be made, or does not exist at all."""
        return None if name in self.made else self.scope.actual_roles.get(name)

    def _use(self, name: str, statement: str) -> Blocked | None:
        """May the connected role act as the other one, or let itself do so?"""
        name = self._meant(name)
        if self._acts_as(name):
            return None
        if self.server.major < 16 and not self.scope.actual_roles[self.server.role].inherit:
            return Blocked(f"{self.me} does not inherit", f"ALTER ROLE {self.me} INHERIT")
        return self._admin(name, statement)

    def _meant(self, name: str) -> str:
        if name != DATABASE_OWNER:
            return name
        database = self.scope.actual_database
        return database.owner if database is not None else self.server.role

    def _acts_as(self, name: str) -> bool:
        role = self._role(name)
        return name == self.server.role or (role is not None and role.usable and role.settable)

    def _admin(self, name: str, statement: str) -> Blocked | None:
        """May the connected role give the other one to someone, or alter it?"""
        role = self._role(name)
        if role is None:
            return None  # it will be made; that another one does not exist is said elsewhere
        other = sql.Name(name)
        if role.superuser:
            return Blocked(f"{other} is a superuser", statement)
        if role.administrable or (self.server.major < 16 and self.server.createrole):
            return None
        if name == self.server.role:
            return Blocked("nobody may do this to itself", statement)
        text = f"GRANT {other} TO {self.me} WITH ADMIN OPTION"
        return Blocked(f"{self.me} has no ADMIN option on {other}", text)

    def _joins(self, needs: Collection[Need]) -> Iterator[Change]:
        """GRANT role TO CURRENT_USER: the administrator must be able to act as the role."""
        roles = {self._meant(need.role) for need in needs if need.kind == "use"}
        database = self.scope.actual_database
        if Need("create in database") in needs and database is not None:
            roles |= set() if self.server.may_create else {database.owner}
        roles = {role for role in roles if not self._acts_as(role)}
        new = self.server.major >= 16
        if new and roles & self.made:
            yield Change(
                kind="membership",
                address="membership.createrole_self_grant",
                name=self.server.role,
                action=Action.CREATE,
                summary=f"let {self.me} act as the roles that it makes",
                step=Step.PREPARE,
                statements=(Statement("SET LOCAL createrole_self_grant = 'set, inherit'"),),
                origin=_ORIGIN,
                effects=(SelfGranted(),),
            )
        for name in sorted(roles - self.made if new else roles):
            options = sql.Listed([sql.Keyword("INHERIT TRUE"), sql.Keyword("SET TRUE")])
            text = sql.statement(
                "membership/create",
                role=sql.Name(name),
                member=self.me,
                options=options if new else None,
            )
            yield Change(
                kind="membership",
                address=f"membership.{name}.{self.server.role}",
                name=self.server.role,
                action=Action.CREATE,
                summary=f"make {self.me} a member of {sql.Name(name)}, to act as it",
                step=Step.REACH,
                statements=(Statement(text),),
                after={"role": name, "member": self.server.role},
                origin=_ORIGIN,
                effects=(Joined(name, self.server.role, False, self._inherits, True),),
            )

    @property
    def _inherits(self) -> bool:
        return self.server.major >= 16 or bool(self.scope.actual_roles[self.server.role].inherit)


def _followed(changes: list[Change]) -> list[Change]:
    """With all that waits for what is blocked, and with what waits for that in turn."""
    while True:
        blocked = [change for change in changes if change.blocked is not None]
        missing = _Missing(blocked)
        changes = [missing.follow(change) for change in changes]
        if sum(change.blocked is not None for change in changes) == len(blocked):
            return changes


def _as_owner(change: Change) -> Change:
    """With the statements as the role that has to run them (kinds/grantor.py)."""
    owner = next((need.role for need in change.needs if need.kind == "as"), None)
    if owner is None or change.blocked is not None:
        return change
    become, back = Statement(f"SET LOCAL ROLE {sql.Name(owner)}"), Statement("RESET ROLE")
    return replace(change, statements=(become, *change.statements, back))


def _all(change: Change) -> str:
    return "; ".join(statement.shown for statement in change.statements)


class _Missing:
    """What will not be there, since making it is blocked; and what cannot be done without."""

    def __init__(self, blocked: Iterable[Change]) -> None:
        self.database: Change | None = None
        self.roles: dict[str, Change] = {}
        self.schemas: dict[str, Change] = {}
        self.closed: dict[str, Change] = {}  # by service, whose schema cannot be used yet
        self.held: dict[str, Change] = {}  # by role, which keeps something for it
        for change in blocked:
            for part in ("grantee", "granted_by", "owner"):
                if role := (change.before or {}).get(part):
                    self.held.setdefault(role, change)
            if change.step == Step.CREATE_DATABASE:
                self.database = change
            elif change.step == Step.CREATE_ROLE:
                self.roles[change.name] = change
            elif change.kind == "schema" and change.action is Action.CREATE:
                self.schemas[change.name] = change
            elif change.service is not None and (
                change.step == Step.GRANT_ABOVE
                or (change.step == Step.SCHEMA_OWNER and "owner" in (change.after or {}))
            ):
                self.closed.setdefault(change.service, change)

    def follow(self, change: Change) -> Change:
        """Blocked for the same reason where it needs what is missing."""
        first = self.database
        if first is None and change.blocked is None:
            first = self._first(change)
        if first is None or first.blocked is None or first.address == change.address:
            return change
        reason = f"waits for: {first.summary} ({first.blocked.reason})"
        return replace(change, blocked=Blocked(reason, first.blocked.statement))

    def _first(self, change: Change) -> Change | None:
        for role in (change.name, *(need.role for need in change.needs), *_grantees(change.after)):
            if role in self.roles:
                return self.roles[role]
        for schema, made in self.schemas.items():
            if _is_in(schema, change):
                return made
        if change.step == Step.DROP_ROLE and change.name in self.held:
            return self.held[change.name]
        if Step.OBJECT_OWNER <= change.step <= Step.GRANT_COLUMN:
            return self.closed.get(change.service or "")
        return None


def _grantees(after: Mapping[str, Any] | None) -> tuple[str, ...]:
    return tuple((after or {}).get("grantees", ()))


def _is_in(schema: str, change: Change) -> bool:
    """Whether the change is on or in a schema; that has no objects yet."""
    if change.kind == "extension":
        return bool((change.after or {}).get("schema") == schema)
    prefixes = (f"schema.{schema}.", f"grant.schema.{schema}.")
    if change.address.startswith(prefixes):
        return True
    return change.address.startswith("grant.default.") and any(
        f" IN SCHEMA {sql.Name(schema)} " in statement.sql for statement in change.statements
    )
