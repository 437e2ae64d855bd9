"""Whose privileges a role uses: memberships that inherit, as has_privs_of_role follows them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chiro_db.kinds.role import Fact

OWNER_OF_DATABASE = "pg_database_owner"
Path = tuple[str, ...]  # from a role, group by group, to the one that holds something


@dataclass(frozen=True, slots=True)
class Edge:
    """One role in another; several grantors' rows are several edges."""

    role: str
    member: str
    inherit: bool
    set: bool
    grantor: str = ""
    admin: bool = False


class Roles:
    """All roles that are known, and the ways between them."""

    def __init__(
        self,
        accounts: Mapping[str, Fact],
        edges: Iterable[Edge],
        database_owner: str | None,
        version: int,
    ) -> None:
        self.accounts = accounts
        self.edges = tuple(edges)
        self.database_owner = database_owner
        self.version = version
        self._above: dict[str, Mapping[str, Path]] = {}
        self._below: dict[str, Mapping[str, Path]] = {}
        self._settable: dict[str, Mapping[str, Path]] = {}

    @cached_property
    def superusers(self) -> frozenset[str]:
        return frozenset(name for name, account in self.accounts.items() if account.superuser)

    @cached_property
    def names(self) -> frozenset[str]:
        """Every role that is known by name, also where only a membership names it."""
        ends = {end for edge in self.edges for end in (edge.role, edge.member)}
        return frozenset(ends | set(self.accounts))

    def logs_in(self, role: str) -> bool:
        """False also where nothing is known about the role."""
        account = self.accounts.get(role)
        return account is not None and account.login

    def above(self, role: str) -> Mapping[str, Path]:
        """The roles whose privileges it has by itself, each with the shortest way to it."""
        if role not in self._above:
            self._above[role] = _ways(role, self._groups)
        return self._above[role]

    def below(self, role: str) -> Mapping[str, Path]:
        """The roles that have its privileges by themselves; the ways begin with them."""
        if role not in self._below:
            ways = _ways(role, self._members)
            self._below[role] = {name: way[::-1] for name, way in ways.items()}
        return self._below[role]

    def settable(self, role: str) -> Mapping[str, Path]:
        """The roles that it may act as by SET ROLE."""
        if role not in self._settable:
            self._settable[role] = _ways(role, self._sets)
        return self._settable[role]

    @cached_property
    def _groups(self) -> Mapping[str, Collection[str]]:
        found: dict[str, dict[str, None]] = {}
        for edge in self.edges:
            if edge.inherit:
                found.setdefault(edge.member, {})[edge.role] = None
        if self.database_owner is not None and self._owner_inherits:
            found.setdefault(self.database_owner, {})[OWNER_OF_DATABASE] = None
        return found

    @property
    def _owner_inherits(self) -> bool:
        """Up to 15 its attribute INHERIT decides about this membership, too."""
        account = self.accounts.get(self.database_owner or "")
        return self.version >= 160000 or account is None or account.inherit

    @cached_property
    def _members(self) -> Mapping[str, Collection[str]]:
        found: dict[str, dict[str, None]] = {}
        for member, groups in self._groups.items():
            for group in groups:
                found.setdefault(group, {})[member] = None
        return found

    @cached_property
    def _sets(self) -> Mapping[str, Collection[str]]:
        found: dict[str, dict[str, None]] = {}
        for edge in self.edges:
            if edge.set:
                found.setdefault(edge.member, {})[edge.role] = None
        return found


def _ways(start: str, steps: Mapping[str, Collection[str]]) -> Mapping[str, Path]:
    """Breadth first, so that each way is a shortest one."""
    found: dict[str, Path] = {start: (start,)}
    waiting = [start]
    for role in waiting:
        for following in steps.get(role, ()):
            if following not in found:
                found[following] = (*found[role], following)
                waiting.append(following)
    return found
