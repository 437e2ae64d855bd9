"""What was read from one server: who is connected there, and the facts of every kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Server:
    """The server and what the connected role may do on it."""

    version: int  # server_version_num, such as 180006
    version_text: str
    system_identifier: str
    database: str  # connected to; another one than the spec's where that does not exist yet
    role: str
    superuser: bool
    createrole: bool
    createdb: bool
    replication: bool
    bypassrls: bool
    database_exists: bool
    reads_verifiers: bool
    in_recovery: bool
    may_create: bool  # CREATE on the database connected to
    bootstrap: str  # the superuser of initdb, who owns `public` up to 14
    lockable: int  # objects that all transactions together may lock for certain
    provider: str = ""  # rds, azure or cloudsql, told by the roles that they make

    @property
    def major(self) -> int:
        return self.version // 10000


@dataclass(frozen=True, slots=True)
class State:
    """Facts by the name of their kind, all read in one transaction."""

    server: Server
    facts: Mapping[str, tuple[Any, ...]]
    verifiers: Mapping[str, str | None]  # of the declared roles, where they can be read
    parameters: Mapping[str, Parameter]  # by lower-case name
    settable: frozenset[str]  # parameters that an ordinary role was granted SET on
    belongings: tuple[Belonging, ...]  # of the roles to be dropped
    # Schemas and types with objects that are in no fact; None where nobody asked.
    foreign: frozenset[tuple[str, str]] | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A row of pg_settings."""

    name: str
    type: str
    unit: str | None
    choices: tuple[str, ...] | None
    context: str
    everywhere: str | None  # in effect where neither database nor role says otherwise


@dataclass(frozen=True, slots=True)
class Belonging:
    """A row of pg_shdepend about a role that is to be dropped."""

    role: str
    relation: str
    database: str
    object: str
    alone: bool
    owner: str | None  # of an object that is not managed, on which it holds a privilege
