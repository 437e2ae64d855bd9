"""What a change does to owners, ACLs, roles and memberships, for those who ask who can do what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chiro_db.model.acl import Entry, Grantee
from chiro_db.model.privilege import Securable

Object = tuple[str, str | None]  # a name and, of a routine, its argument types


@dataclass(frozen=True, slots=True)
class On:
    """Objects of one schema and type."""

    type: Securable
    schema: str  # empty for the database, and for what a maker makes in any schema
    objects: tuple[Object, ...]
    relation: str = ""  # of columns: their table
    maker: str = ""  # of future objects: who makes them; there are no `objects` then


@dataclass(frozen=True, slots=True)
class Made:
    """A schema or database that was not there."""

    on: On
    owner: str
    entries: frozenset[Entry]


@dataclass(frozen=True, slots=True)
class Owned:
    """ALTER ... OWNER TO, of tables with the sequences of their columns."""

    on: On
    owner: str
    following: tuple[Object, ...] = ()


@dataclass(frozen=True, slots=True)
class Granted:
    """GRANT, as the owner."""

    on: On
    owner: str
    grantees: tuple[Grantee, ...]
    privileges: tuple[str, ...]
    grantable: bool


@dataclass(frozen=True, slots=True)
class Revoked:
    """REVOKE with its cascades; `lent`: after a GRANT with the grant option."""

    on: On
    owner: str
    grantee: Grantee
    privileges: tuple[str, ...]
    option_only: bool
    lent: bool
    by: str | None = None  # None: the owner


@dataclass(frozen=True, slots=True)
class RoleMade:
    name: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RoleAltered:
    name: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RoleDropped:
    name: str
    heir: str | None


@dataclass(frozen=True, slots=True)
class Joined:
    """A membership with all of its options as they will be."""

    role: str
    member: str
    admin: bool
    inherit: bool
    set: bool


@dataclass(frozen=True, slots=True)
class Left:
    """A membership, or one option of it, that a grantor gave."""

    role: str
    member: str
    grantor: str
    option: str | None


@dataclass(frozen=True, slots=True)
class SelfGranted:
    """createrole_self_grant: the connected role becomes a member of each role that it makes."""


Effect = (
    Made
    | Owned
    | Granted
    | Revoked
    | RoleMade
    | RoleAltered
    | RoleDropped
    | Joined
    | Left
    | SelfGranted
)
