"""A plan is a value: its statements are what is printed, saved and run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

from chiro_db.model.acl import Source
from chiro_db.model.effect import Effect
from chiro_db.model.finding import Finding
from chiro_db.model.state import State
from chiro_db.model.turn import Turns


class Action(StrEnum):
    """What happens to the object; the values are Terraform's."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Hazard(StrEnum):
    """What a reviewer must know before it runs; docs/hazards.md."""

    REVOKES_ACCESS = "revokes-access"
    CHANGES_OWNER = "changes-owner"
    DROPS_ROLE = "drops-role"
    TAKES_LOCK = "takes-lock"
    NEEDS_RESTART = "needs-restart"
    REPLACES_SCHEMA = "replaces-schema"  # of `backup restore --replace`; no plan has it


class Step(IntEnum):
    """The order in which an apply goes through its changes."""

    CREATE_DATABASE = 0  # outside the transaction
    CREATE_ROLE = 10
    PREPARE = 5  # what the transaction needs before roles are made
    REACH = 20  # the administrator's own memberships, which later steps need
    ALTER_ROLE = 30
    REVOKE_MEMBERSHIP = 40
    GRANT_MEMBERSHIP = 41
    ALTER_DATABASE = 50
    SCHEMA = 60
    SCHEMA_OWNER = 61
    MERGE_ABOVE = 62  # what others granted becomes the owner's
    REVOKE_ABOVE = 63  # on the database and the schemas
    GRANT_ABOVE = 64
    EXTENSION = 65
    OBJECT_OWNER = 70
    MERGE = 75
    RETRACT = 76  # as their grantors, what no revoke of the owner ends
    REVOKE = 80
    RETRACT_COLUMN = 81
    REVOKE_COLUMN = 82
    GRANT = 83
    GRANT_COLUMN = 84  # last: revoking from a table wipes the column grants below it
    REVOKE_DEFAULT = 90
    GRANT_DEFAULT = 91
    SETTING = 100
    HAND_OVER = 110
    DROP_ROLE = 111


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement; a password's verifier is a mark until it is sent."""

    sql: str
    secret: str | None = None  # the reference whose verifier the mark stands for
    database: str | None = None  # None: the spec's database, inside the transaction

    @property
    def shown(self) -> str:
        return self.sql.replace("\0", "'***'")


@dataclass(frozen=True, slots=True)
class Need:
    """What the connected role must be able to do for a change, unless it is a superuser."""

    kind: str  # use: act as the role; admin: give it to others; ...: plan/reach.py has them all
    role: str = ""


@dataclass(frozen=True, slots=True)
class Blocked:
    """Why the connected role cannot do a change, and what an administrator has to run."""

    reason: str
    statement: str
    outside: bool = False  # a provider's command or ALTER SYSTEM: in no transaction of psql


@dataclass(frozen=True)  # without slots, for `at`
class Change:
    """One difference and the statements that mend it."""

    kind: str
    address: str  # unique in a plan
    name: str
    action: Action
    summary: str
    step: Step
    statements: tuple[Statement, ...]
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    hazards: frozenset[Hazard] = frozenset()
    service: str | None = None
    source: Source = ()
    place: str | None = None  # the source as file:line, once the spec's files are known
    origin: str | None = None  # for extras: "not in the spec, granted by x"
    needs: frozenset[Need] = frozenset()
    blocked: Blocked | None = None
    locks: tuple[str, ...] = ()  # what the statements name: from 18 on all that they grant on
    extra: bool = False  # takes something away; under `enforce: additive` only reported
    effects: tuple[Effect, ...] = field(default=(), compare=False)  # of the plan at hand, not saved

    def at(self, address: str, place: str | None) -> Change:
        """The same there: each change of a plan comes this way, and `replace` takes its time."""
        copy = object.__new__(Change)
        copy.__dict__.update(self.__dict__, address=address, place=place)
        return copy


@dataclass(frozen=True, slots=True)
class Plan:
    """What differs, in the order in which it will run."""

    changes: tuple[Change, ...] = ()
    extras: tuple[Change, ...] = ()  # reported alone: `enforce: additive`
    warnings: tuple[str, ...] = ()
    target: str = ""
    host: str = ""
    server: str = ""
    database: str = ""
    user: str = ""
    version: int = 0
    system_identifier: str = ""
    creates_database: bool = False
    skip_blocked: bool = False
    fingerprint: str = ""
    digest: str = ""
    chirodb: str = ""
    made_at: str = ""
    services: tuple[str, ...] = ()  # non-empty: narrowed by --service
    whole_schemas: bool = False  # ALL ... IN SCHEMA in place of names, where that is the same
    new_passwords: frozenset[str] = frozenset()  # existing roles that get one
    breaches: tuple[Finding, ...] = field(default=(), compare=False)  # of policies, once applied
    access: Turns | None = field(default=None, compare=False)  # where it was asked for
    standby: bool = field(default=False, compare=False)  # the server takes no changes
    state: State | None = field(default=None, compare=False, repr=False)  # made of it; not saved

    @property
    def runnable(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.blocked is None)

    @property
    def blocked(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.blocked is not None)

    @property
    def pending(self) -> bool:
        """Whether anything is left that counts: blocked changes do unless they are skipped."""
        return bool(self.runnable or (self.blocked and not self.skip_blocked))

    @property
    def hazards(self) -> frozenset[Hazard]:
        return frozenset(hazard for change in self.runnable for hazard in change.hazards)

    @property
    def statements(self) -> tuple[Statement, ...]:
        return tuple(statement for change in self.runnable for statement in change.statements)
