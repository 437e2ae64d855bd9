"""The spec as typed values, section by section; what each key means stands in docs/spec.md."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from chiro_db.model.predefined import DATABASE_OWNER
from chiro_db.model.spec_grant import BUILT_IN_LEVELS, Grant, Level
from chiro_db.model.spec_values import (
    DatabaseName,
    ExtensionSchema,
    Flag,
    Identifier,
    Instant,
    Objects,
    OwnerName,
    Password,
    Privileges,
    RoleName,
    SchemaName,
    Section,
    Settings,
    Severity,
    StoreAddress,
    Stores,
    Strings,
    Url,
    listed,
)


class Extension(Section):
    schema_: ExtensionSchema | None = Field(default=None, alias="schema")


def _extensions(value: Any) -> Any:
    if isinstance(value, list):
        return {name: {} for name in value}
    if isinstance(value, dict):
        return {name: {} if body is None else body for name, body in value.items()}
    return value


Extensions = Annotated[
    dict[Identifier, Extension],
    BeforeValidator(_extensions, json_schema_input_type=list[str] | dict[str, Extension | None]),
]


class DatabaseGrant(Section):
    to: Strings
    privileges: Privileges
    grantable: Flag = False
    reason: str | None = None
    until: date | None = None


class Database(Section):
    name: DatabaseName
    owner: RoleName | None = None
    comment: str | None = None
    extensions: Extensions = Field(default_factory=dict)
    settings: Settings = Field(default_factory=dict)
    connect: Literal["implied", "explicit"] = "implied"
    grants: tuple[DatabaseGrant, ...] = ()


class Retention(Section):
    days: Annotated[int, Field(ge=1)]


Count = Annotated[int, Field(ge=1)]


class Keep(Section):
    last: Count | None = None
    hourly: Count | None = None
    daily: Count | None = None
    weekly: Count | None = None
    monthly: Count | None = None
    yearly: Count | None = None
    within: str | None = None


class Backup(Section):
    to: StoreAddress | None = None
    copies: Stores | None = None
    schedule: str | None = None
    retention: Retention | None = None
    keep: Keep | None = None
    encrypt: Strings | None = None
    role: str | None = None


ONE_WAY = "a target has either `embedded: true` or a `url`"


class Target(Section):
    embedded: Flag = False
    url: Url = None
    protected: Flag = False
    skip_blocked: Flag = False
    backup: Backup | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Target:
        if self.embedded == (self.url is not None):
            raise ValueError(ONE_WAY)
        return self


class MemberOf(Section):
    role: str
    inherit: Flag | None = None  # absent: as the member's attribute INHERIT
    set: Flag = True
    admin: Flag = False


def _member_of(value: Any) -> Any:
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list):
        return tuple({"role": item} if isinstance(item, str) else item for item in value)
    return value


MembersOf = Annotated[
    tuple[MemberOf, ...],
    BeforeValidator(_member_of, json_schema_input_type=str | list[str | MemberOf]),
]


class Role(Section):
    state: Literal["present", "absent"] = "present"
    reassign_to: RoleName | None = None
    login: Flag | None = None
    superuser: Flag | None = None
    createdb: Flag | None = None
    createrole: Flag | None = None
    replication: Flag | None = None
    bypassrls: Flag | None = None
    inherit: Flag | None = None
    connection_limit: Annotated[int, Field(ge=-1)] | None = None
    valid_until: Instant | None = None
    password: Password = None
    comment: str | None = None
    member_of: MembersOf | None = None  # None and () differ for administrators
    settings: Settings = Field(default_factory=dict)


class SlowQueries(Section):
    threshold: str | int | None = None
    sample: Annotated[float, Field(ge=0, le=1)] | None = None
    log_lock_waits: Flag | None = None
    log_temp_files: str | int | None = None
    auto_explain: Flag | None = None
    log_parameters: Flag | None = None
    track_io_timing: Flag | None = None


class Service(Section):
    purpose: str | None = None
    schema_: SchemaName = Field(alias="schema")
    owner: OwnerName
    app: RoleName | None = None
    reader: RoleName | None = None
    migrator: RoleName | None = None
    creators: Strings = ()
    grants: tuple[Grant, ...] = ()
    settings: Settings = Field(default_factory=dict)
    slow_queries: SlowQueries | None = None
    backup: Backup | None = None

    @property
    def schema_name(self) -> str:
        return self.schema_

    @property
    def logins(self) -> tuple[str, ...]:
        """The roles that the service's own lines declare with LOGIN, each once."""
        given = (self.owner, self.app, self.migrator)
        return tuple(dict.fromkeys(role for role in given if role not in (None, DATABASE_OWNER)))

    @property
    def roles(self) -> tuple[str, ...]:
        """All roles that the service's own lines declare, each once."""
        return tuple(dict.fromkeys((*self.logins, *([self.reader] if self.reader else []))))


class Ignore(Section):
    roles: Strings = ()
    schemas: Strings = ()


class PolicyRule(Section):
    privileges: Privileges
    on: Annotated[
        tuple[Objects, ...],
        Field(min_length=1),
        BeforeValidator(listed, json_schema_input_type=str | list[str]),
    ]
    to: Strings = ()


class Denial(PolicyRule):
    except_: Strings = Field(default=(), alias="except")


class Requirement(PolicyRule):
    to: Strings = Field(min_length=1)


class Policy(Section):
    severity: Severity = "error"
    reason: str | None = None
    deny: Denial | None = None
    require: Requirement | None = None

    @property
    def asserts(self) -> bool:
        return self.severity != "off" and (self.deny is not None or self.require is not None)


def _none_is_empty(value: Any) -> Any:
    """`reporting:` with nothing behind it is `reporting: {}`."""
    if isinstance(value, dict):
        return {key: {} if body is None else body for key, body in value.items()}
    return value


class Spec(Section):
    version: Literal[1]
    enforce: Literal["exact", "additive"] = "exact"
    database: Database
    targets: dict[str, Target] = Field(default_factory=dict)
    roles: Annotated[
        dict[RoleName, Role],
        BeforeValidator(_none_is_empty, json_schema_input_type=dict[str, Role | None]),
    ] = Field(default_factory=dict)
    levels: dict[str, Level] = Field(default_factory=dict)
    services: dict[str, Service] = Field(default_factory=dict)
    slow_queries: SlowQueries | None = None
    backup: Backup | None = None
    ignore: Ignore = Ignore()
    policies: dict[str, Policy] = Field(default_factory=dict)
    history: Flag = True

    @field_validator("version", mode="before")
    @classmethod
    def _known_version(cls, value: Any) -> Any:
        if value == "1":
            raise ValueError('version is the text "1"; write it without quotes')
        if value != 1 or isinstance(value, bool):
            raise ValueError(f"version `{value}` of the grammar; this chirodb reads version 1")
        return value

    def level(self, name: str) -> Level:
        return BUILT_IN_LEVELS.get(name) or self.levels[name]
