"""What every kind needs to know to compare: the spec resolved against one server on one day."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from fnmatch import translate
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar, cast

from chiro_db.kinds import access
from chiro_db.model.acl import Source
from chiro_db.model.predefined import DATABASE_OWNER

if TYPE_CHECKING:
    from chiro_db.model.spec import Role, Service, Spec
    from chiro_db.model.state import Server, State

Made = TypeVar("Made")


def globs(patterns: Iterable[str]) -> re.Pattern[str] | None:
    """One expression for shell-style patterns; None where there are none."""
    parts = [translate(pattern) for pattern in patterns]
    return re.compile("|".join(parts)) if parts else None


class Request:
    """What the spec alone says about what to read: the names of roles and schemas."""

    def __init__(self, spec: Spec, *, everyone: bool = False, whole_schemas: bool = False) -> None:
        self.spec = spec
        self.everyone = everyone  # to read the roles that the spec does not name, too
        self.whole_schemas = whole_schemas  # to find what ALL ... IN SCHEMA would reach besides
        self._made: dict[Any, Any] = {}
        self.services: Mapping[str, Service] = spec.services
        self.by_schema = {service.schema_name: name for name, service in spec.services.items()}
        self.absent = tuple(name for name, role in spec.roles.items() if role.state == "absent")
        declared: dict[str, Source] = {}
        for name in spec.roles:
            declared[name] = ("roles", name)
        for key, service in spec.services.items():
            for part in ("owner", "app", "reader", "migrator"):
                role = getattr(service, part)
                if role not in (None, DATABASE_OWNER):
                    declared.setdefault(role, ("services", key, part))
        for name in self.absent:
            del declared[name]
        self.declared: Mapping[str, Source] = declared  # roles that shall exist

    @cached_property
    def named(self) -> tuple[str, ...]:
        """Every role to read: declared, to be dropped, and the database's owner."""
        owner = self.spec.database.owner
        return tuple(dict.fromkeys((*self.declared, *self.absent, *([owner] if owner else ()))))

    @cached_property
    def named_set(self) -> frozenset[str]:
        return frozenset(self.named)

    @cached_property
    def owners(self) -> Mapping[str, str]:
        """The owner of each service's schema."""
        return {s.schema_name: s.owner for s in self.services.values()}

    @cached_property
    def makers(self) -> Mapping[str, tuple[str, ...]]:
        """By schema the owner and then the creators; nobody is `pg_database_owner` and makes."""
        return {
            s.schema_name: tuple(
                role for role in dict.fromkeys((s.owner, *s.creators)) if role != DATABASE_OWNER
            )
            for s in self.services.values()
        }

    @cached_property
    def logins(self) -> frozenset[str]:
        """Roles that shall log in."""
        implied = {role for s in self.services.values() for role in s.logins}
        for name in self.declared:
            written = self.spec.roles.get(name)
            if written is not None and written.login is not None:
                (implied.add if written.login else implied.discard)(name)
        return frozenset(implied)

    def role(self, name: str) -> Role | None:
        """What `roles:` says about a role; None where only a service names it."""
        return self.spec.roles.get(name)

    def once(self, make: Callable[[Self], Made]) -> Made:
        """What `make` finds out about this, found out once."""
        if make not in self._made:
            self._made[make] = make(self)
        return cast("Made", self._made[make])


class Problem(NamedTuple):
    """Something in the spec that this server cannot fulfil, or that deserves a warning."""

    severity: str
    source: Source
    message: str
    hint: str | None = None


class Scope(Request):
    """A request with what was found on the server."""

    def __init__(
        self,
        spec: Spec,
        state: State,
        today: date,
        new_passwords: frozenset[str] = frozenset(),
        only: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(spec)
        self.state = state
        self.today = today
        self.new_passwords = new_passwords  # existing roles whose password differs
        self.only = only  # services that the plan is narrowed to; empty: all
        self.additive = spec.enforce == "additive"
        self._ignored = globs(spec.ignore.roles)
        self._spared: dict[str | None, bool] = {None: False}
        self._problems: dict[Problem, None] = {}

    @property
    def server(self) -> Server:
        return self.state.server

    def facts(self, kind: str) -> tuple[Any, ...]:
        return self.state.facts.get(kind, ())

    @cached_property
    def actual_roles(self) -> Mapping[str, Any]:
        return {role.name: role for role in self.facts("role")}

    @cached_property
    def actual_database(self) -> Any:
        return next(iter(self.facts("database")), None)

    @cached_property
    def administrators(self) -> frozenset[str]:
        """The connected role and the database's owner, as it shall be."""
        return frozenset({self.server.role}) | self.database_owners

    @cached_property
    def database_owners(self) -> frozenset[str]:
        """The one that it shall have; none that is known while there is no database."""
        owner = self.spec.database.owner
        if owner is None and self.actual_database is not None:
            owner = self.actual_database.owner
        return frozenset({owner} if owner else ())

    @cached_property
    def superusers(self) -> frozenset[str]:
        """Those who will still be superusers after the plan."""
        now = {name for name, role in self.actual_roles.items() if role.superuser}
        for name in self.declared:
            written = self.role(name)
            wanted = written.superuser if written is not None else None
            if wanted:
                now.add(name)
            elif name not in self.administrators or wanted is False:
                now.discard(name)
        return frozenset(now)

    def ignored(self, role: str) -> bool:
        return self._ignored is not None and self._ignored.match(role) is not None

    def spared(self, role: str | None) -> bool:
        """Whether what the role holds is nobody's business (`ignore`, superuser, administrator)."""
        known = self._spared.get(role)
        if known is None:
            known = role is not None and (
                role in self.administrators or role in self.superusers or self.ignored(role)
            )
            self._spared[role] = known
        return known

    def spares(self, role: str | None, _privilege: str) -> bool:
        return self.spared(role)

    def active(self, until: date | None) -> bool:
        """A grant ends with the day before `until`, in UTC."""
        return until is None or self.today < until

    def report(self, severity: str, source: Source, message: str, hint: str | None = None) -> None:
        """Note a problem; all of them are shown at once when the comparison is done."""
        self._problems[Problem(severity, source, message, hint)] = None

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(self._problems)

    @cached_property
    def access(self) -> Mapping[str, access.SchemaAccess]:
        """Who shall hold what, by schema."""
        return access.compiled(self.spec, self.server.version, self.active, self.report)

    # -- narrowing by --service --------------------------------------------------------------

    @cached_property
    def chosen_roles(self) -> frozenset[str]:
        """With --service: the roles that the chosen services declare or grant to."""
        chosen: set[str] = set()
        for name in self.only:
            service = self.services[name]
            chosen.update(service.roles, service.creators)
            for grant in service.grants:
                chosen.update(to for to in grant.to if to != "public")
        return frozenset(chosen)

    def has_service(self, name: str | None) -> bool:
        return not self.only or name in self.only

    def has_role(self, name: str | None) -> bool:
        return not self.only or name in self.chosen_roles

    def service_of(self, role: str) -> str | None:
        """The service that declares a role, for grouping; None where several do or none."""
        found = self._services_of_roles.get(role, ())
        return found[0] if len(found) == 1 else None

    @cached_property
    def _services_of_roles(self) -> Mapping[str, tuple[str, ...]]:
        result: dict[str, tuple[str, ...]] = {}
        for name, service in self.services.items():
            for role in service.roles:
                result[role] = (*result.get(role, ()), name)
        return result
