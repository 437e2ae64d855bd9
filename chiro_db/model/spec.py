"""The spec as typed values, section by section; what each key means stands in docs/spec.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from chiro_db.model.predefined import DATABASE_OWNER
from chiro_db.model.privilege import ON, PRIVILEGES

_REFERENCE = re.compile(r"\$\{(env|file):([^{}]+)\}")
_RESERVED_ROLES = frozenset({"public", "none", "current_role", "current_user", "session_user"})
_STORE_SECRET = re.compile(
    r"[?&][a-z_]*(?:secret|account_key|access_key|master_key|token|sas|service_account_key)[a-z_]*="
    r"(?!\$\{)[^&]",
    re.I,
)
_URL_PASSWORD = re.compile(
    r"://[^/@\s:]*:(?!\$\{)[^@/\s]+@|\b(?:ssl)?password\s*=\s*(?!\$\{)\S", re.I
)


def _listed(value: Any) -> Any:
    """One word stands for a list of one; lists become tuples, as strict models want them."""
    if isinstance(value, str | int | float):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _flag(value: Any) -> Any:
    """YAML 1.1's words for booleans, which the 1.2 core schema reads as strings."""
    words = {"yes": True, "on": True, "no": False, "off": False}
    return words.get(value.lower(), value) if isinstance(value, str) else value


def _identifier(value: str) -> str:
    if not value:
        raise ValueError("a name must not be empty")
    if "\0" in value:
        raise ValueError("a name must not contain a NUL character")
    if (size := len(value.encode())) > 63:
        raise ValueError(f"the name is {size} bytes long; PostgreSQL cuts names at 63 bytes")
    return value


def _role_name(value: str) -> str:
    _identifier(value)
    if value in _RESERVED_ROLES or value.startswith("pg_"):
        raise ValueError(f"`{value}` is a reserved role name")
    return value


def _owner_name(value: str) -> str:
    return value if value == DATABASE_OWNER else _role_name(value)


def _schema_name(value: str) -> str:
    _identifier(value)
    if value.startswith("pg_") or value == "information_schema":
        raise ValueError(f"`{value}` is a reserved schema name")
    return value


def _database_name(value: str) -> str:
    _identifier(value)
    if value in ("template0", "template1"):
        raise ValueError(f"`{value}` is the server's own; name another")
    return value


_KNOWN_PRIVILEGES = tuple(sorted({"ALL", *(p for listed in PRIVILEGES.values() for p in listed)}))


def _privilege(given: str) -> str:
    name = {"TEMP": "TEMPORARY", "ALL PRIVILEGES": "ALL"}.get(given.upper(), given.upper())
    if name not in _KNOWN_PRIVILEGES:
        raise ValueError(f"`{given}` is not a privilege; known are {', '.join(_KNOWN_PRIVILEGES)}")
    return name


def _privileges(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise ValueError("the list of privileges is empty")
    return tuple(dict.fromkeys(value))


def _day(value: Any) -> Any:
    """A date or, with a time, an instant; one without a zone is UTC."""
    if not isinstance(value, str) or value == "infinity":
        return value
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"`{value}` is not a date; write 2027-06-30 or infinity") from None
    instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return instant.astimezone(UTC).isoformat(sep=" ")


def is_secret(value: str) -> bool:
    """Whether the whole value is one reference, such as `${env:NAME}`."""
    return _REFERENCE.fullmatch(value) is not None


def references(value: str) -> list[tuple[str, str]]:
    """The (source, name) pairs of all references in the value."""
    return _REFERENCE.findall(value)


def with_references(value: str, read: Callable[[str, str], str]) -> str:
    """The value with each reference replaced by what `read(source, name)` gives."""
    return _REFERENCE.sub(lambda found: read(found[1], found[2]), value)


def is_malformed(value: str) -> bool:
    """Whether a `$` begins something else than a reference."""
    return any(not _REFERENCE.match(value, found.start()) for found in re.finditer(r"\$", value))


def _secret(value: str) -> str:
    if not is_secret(value):
        found = "a malformed reference" if value.startswith("$") else "a literal password"
        raise ValueError(f"{found}; write a reference such as ${{env:NAME}} or ${{file:PATH}}")
    return value


def _url(value: str) -> str:
    if _URL_PASSWORD.search(value):
        raise ValueError("a literal password in a URL; write ${env:NAME} in its place")
    if is_malformed(value):
        raise ValueError("a malformed reference; write ${env:NAME} or ${file:PATH}")
    return value


def _store(value: str) -> str:
    """A folder or a URL; its query may hold what opens a bucket (chiro_db/backup/bucket.py)."""
    if _URL_PASSWORD.search(value) or _STORE_SECRET.search(value):
        raise ValueError("a literal secret in a URL; write ${env:NAME} in its place")
    if is_malformed(value):
        raise ValueError("a malformed reference; write ${env:NAME} or ${file:PATH}")
    return value


def _of_text(check: Callable[[str], str]) -> BeforeValidator:
    """A check of text that leaves what is no text to the type's own error."""
    return BeforeValidator(lambda value: check(value) if isinstance(value, str) else value)


_YES_NO = Annotated[str, Field(pattern="^([Yy][Ee][Ss]|[Nn][Oo]|[Oo][Nn]|[Oo][Ff][Ff])$")]
Identifier = Annotated[str, _of_text(_identifier)]
DatabaseName = Annotated[str, _of_text(_database_name)]
RoleName = Annotated[str, _of_text(_role_name)]
OwnerName = Annotated[str, _of_text(_owner_name)]
SchemaName = Annotated[str, _of_text(_schema_name)]
Flag = Annotated[bool, BeforeValidator(_flag, json_schema_input_type=bool | _YES_NO)]
Strings = Annotated[
    tuple[str, ...], BeforeValidator(_listed, json_schema_input_type=str | list[str])
]
StoreAddress = Annotated[str, _of_text(_store)]
Stores = Annotated[
    tuple[StoreAddress, ...],
    BeforeValidator(_listed, json_schema_input_type=str | list[str]),
]
Privilege = Annotated[str, _of_text(_privilege)]
Privileges = Annotated[
    tuple[Privilege, ...],
    AfterValidator(_privileges),
    BeforeValidator(_listed, json_schema_input_type=str | list[str]),
]
SettingValue = Annotated[
    bool | int | float | str | tuple[bool | int | float | str, ...],
    BeforeValidator(
        lambda value: tuple(value) if isinstance(value, list) else value,
        json_schema_input_type=bool | int | float | str | list[bool | int | float | str],
    ),
]
Settings = dict[Identifier, SettingValue]
Instant = Annotated[str, BeforeValidator(_day, json_schema_input_type=str)]
Severity = Literal["error", "warning", "off"]


class Section(BaseModel):
    """A mapping of the spec: unknown keys are errors, values are never coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Extension(Section):
    schema_: SchemaName | None = Field(default=None, alias="schema")


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
    url: Annotated[str | None, _of_text(_url)] = None
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
    password: Annotated[str | None, _of_text(_secret)] = None
    comment: str | None = None
    member_of: MembersOf | None = None  # None and () differ for administrators
    settings: Settings = Field(default_factory=dict)


class Level(Section):
    schema_: Privileges = Field(default=(), alias="schema")
    tables: Privileges = ()
    sequences: Privileges = ()
    functions: Privileges = ()
    types: Privileges = ()

    def of(self, on: str) -> tuple[str, ...]:
        """The privileges on one of `ON`."""
        return self.schema_ if on == "schema" else getattr(self, on)


READ = Level(schema=("USAGE",), tables=("SELECT",), sequences=("SELECT",))
WRITE = Level(
    schema=("USAGE",),
    tables=("SELECT", "INSERT", "UPDATE", "DELETE"),
    sequences=("SELECT", "USAGE", "UPDATE"),
    functions=("EXECUTE",),
)
BUILT_IN_LEVELS: Mapping[str, Level] = {"read": READ, "write": WRITE}
On = Literal["schema", "tables", "sequences", "functions", "types"]
NARROWING = ("tables", "sequences", "functions", "types", "columns")


class Grant(Section):
    to: Strings
    level: str | None = None
    privileges: Privileges | None = None
    on: Annotated[
        tuple[On, ...], BeforeValidator(_listed, json_schema_input_type=On | list[On])
    ] = ()
    tables: Strings | None = None
    sequences: Strings | None = None
    functions: Strings | None = None
    types: Strings | None = None
    columns: dict[str, Strings] | None = None
    cover: Literal["existing", "future"] | None = None
    usage: Flag = True
    grantable: Flag = False
    reason: str | None = None
    until: date | None = None

    @property
    def narrowed(self) -> bool:
        return any(getattr(self, key) is not None for key in NARROWING)

    @model_validator(mode="after")
    def _consistent(self) -> Grant:
        keys = {key for key in self.model_fields_set if getattr(self, key) is not None}
        if wrong := grant_contradiction(keys):
            raise ValueError(wrong)
        return self


def grant_contradiction(keys: Collection[str]) -> str | None:
    """What is wrong with the keys that a grant has beside `to`."""
    narrowed = any(key in keys for key in NARROWING)
    if ("level" in keys) == ("privileges" in keys):
        return "a grant has either `level` or `privileges`"
    if "level" in keys and "on" in keys:
        return "`on` goes with `privileges`; a level says itself what it covers"
    if "on" in keys and narrowed:
        return "`on` and a list of names exclude each other"
    if "privileges" in keys and "on" not in keys and not narrowed:
        return f"`privileges` needs `on`; write one or more of {', '.join(ON)}"
    if "cover" in keys and narrowed:
        return "`cover` goes with whole-schema grants; named objects exist already"
    return None


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


_OBJECTS = re.compile(r'(?:"(?:[^"]|"")+"|[^".][^.]*)(?:\..+)?', re.S)


def _objects(value: str) -> str:
    if not _OBJECTS.fullmatch(value):
        raise ValueError(f"`{value}` is not a schema or schema.name, such as `shop.*`")
    return value


class PolicyRule(Section):
    privileges: Privileges
    on: Annotated[
        tuple[Annotated[str, _of_text(_objects)], ...],
        Field(min_length=1),
        BeforeValidator(_listed, json_schema_input_type=str | list[str]),
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
