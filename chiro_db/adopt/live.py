"""The database as the writers of its spec look at it: roles, and whose rights are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from chiro_db.adopt.survey import PROVIDERS, Schema, Survey
from chiro_db.kinds.default_privilege import Fact as Default
from chiro_db.kinds.membership import Fact as Membership
from chiro_db.kinds.parameter import split_identifiers
from chiro_db.kinds.role import Fact as Role
from chiro_db.kinds.scope import globs
from chiro_db.model import acl
from chiro_db.model.acl import Grantee
from chiro_db.model.predefined import DATABASE_OWNER, PREDEFINED_ROLES
from chiro_db.model.privilege import Securable

_RESERVED = frozenset({"none", "public", "current_role", "current_user", "session_user"})


class Live:
    """What was found, and what of it the spec is to have."""

    def __init__(self, survey: Survey, roles: tuple[str, ...] = ()) -> None:
        self.survey = survey
        self.state = survey.state
        self.version = survey.state.server.version
        self._narrowed = globs(roles)
        self._providers = globs(PROVIDERS)
        self._counts: dict[Grantee, bool] = {None: True}

    @cached_property
    def roles(self) -> Mapping[str, Role]:
        """All that a spec can name and that are no provider's."""
        return {
            role.name: role
            for role in self.state.facts["role"]
            if role.name not in _RESERVED and not role.name.startswith("pg_")
            if not self.is_provider(role.name)
        }

    @property
    def database(self) -> Any:
        return self.state.facts["database"][0]

    def is_provider(self, role: str) -> bool:
        return self._providers is not None and self._providers.match(role) is not None

    @property
    def is_narrowed(self) -> bool:
        return self._narrowed is not None

    def is_superuser(self, role: str) -> bool:
        return role in self.roles and self.roles[role].superuser

    def is_chosen(self, role: str) -> bool:
        """By --role, if that was given; who owns something is written in any case."""
        pattern: re.Pattern[str] | None = self._narrowed
        return pattern is None or pattern.match(role) is not None or role in self._owners

    @cached_property
    def _owners(self) -> frozenset[str]:
        schemas = {schema.owner for schema in self.survey.chosen if self.is_service(schema)}
        return frozenset(schemas | {fact.owner for fact in self.state.facts["object"]})

    def counts(self, grantee: Grantee) -> bool:
        """Whether what it holds is written: a superuser's grants say nothing."""
        found = self._counts.get(grantee)
        if found is None:
            found = grantee is not None and (
                grantee in PREDEFINED_ROLES
                or (
                    grantee in self.roles
                    and not self.roles[grantee].superuser
                    and self.is_chosen(grantee)
                )
            )
            self._counts[grantee] = found
        return found

    @cached_property
    def defaults(self) -> Mapping[tuple[str, str | None, Securable], Default]:
        found: tuple[Default, ...] = self.state.facts["default_privilege"]
        return {(fact.role, fact.schema, fact.type): fact for fact in found}

    @cached_property
    def makers(self) -> Mapping[str | None, set[str]]:
        """Who has default privileges, by schema."""
        found: dict[str | None, set[str]] = {}
        for role, schema, _ in self.defaults:
            found.setdefault(schema, set()).add(role)
        return found

    @cached_property
    def paths(self) -> Mapping[str, tuple[str, ...]]:
        """The search_path of roles that have one of their own."""
        return {
            fact.role: split_identifiers(fact.value)
            for fact in self.state.facts["setting"]
            if fact.role is not None and fact.parameter == "search_path"
        }

    @cached_property
    def starting(self) -> Mapping[str, set[str]]:
        """The roles whose sessions start as another one, by that one."""
        found: dict[str, set[str]] = {}
        for fact in self.state.facts["setting"]:
            if fact.role is not None and fact.parameter == "role":
                found.setdefault(fact.value, set()).add(fact.role)
        return found

    @cached_property
    def administrators(self) -> frozenset[str]:
        return frozenset({self.state.server.role, self.database.owner})

    @cached_property
    def memberships(self) -> tuple[Membership, ...]:
        """Those that a spec decides about: not a superuser's, nor an administrator's own."""
        rows: tuple[Membership, ...] = self.state.facts["membership"]
        return tuple(row for row in rows if self._is_managed(row))

    @cached_property
    def by_group(self) -> Mapping[str, list[Membership]]:
        found: dict[str, list[Membership]] = {}
        for row in self.memberships:
            found.setdefault(row.role, []).append(row)
        return found

    @cached_property
    def by_member(self) -> Mapping[str, list[Membership]]:
        found: dict[str, list[Membership]] = {}
        for row in self.memberships:
            found.setdefault(row.member, []).append(row)
        return found

    def _is_managed(self, row: Membership) -> bool:
        member = self.roles.get(row.member)
        if member is None or member.superuser or row.member == self.state.server.role:
            return False
        if row.role not in self.roles and row.role not in PREDEFINED_ROLES:
            return False
        return not (row.member in self.administrators and row.automatic)

    def is_service(self, schema: Schema) -> bool:
        """Whether a spec can have it: `public` mostly is its database's owner's."""
        if schema.owner not in self.roles and schema.owner != DATABASE_OWNER:
            return False
        return schema.name != "public" or schema.used or not self._is_as_made(schema)

    def _is_as_made(self, public: Schema) -> bool:
        """Whether everybody may use the schema `public`, and nobody else anything there."""
        fact = next(f for f in self.state.facts["schema"] if f.name == public.name)
        entries = acl.parse(fact.acl)
        return all(
            (e.grantee is None and e.privilege == "USAGE") or e.grantee == public.owner
            for e in entries
        )
