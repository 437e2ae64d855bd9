"""What a plan changes in who can do what."""

from __future__ import annotations

from dataclasses import dataclass

from chiro_db.model.acl import Grantee
from chiro_db.model.privilege import Securable


@dataclass(frozen=True, slots=True)
class Turn:
    """Privileges that a role gains or loses on some objects of one schema and type."""

    role: Grantee
    gained: bool
    schema: str  # empty: the database
    type: Securable
    privileges: tuple[str, ...]
    objects: tuple[str, ...]  # bare names; a function's with the types of its arguments
    relation: str = ""  # of columns
    future: bool = False  # what will be made there; no `objects`


@dataclass(frozen=True, slots=True)
class Turns:
    """All of them, and what else happens to a role, in words."""

    turns: tuple[Turn, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()  # role, what happens
