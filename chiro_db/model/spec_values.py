"""What the spec is made of: sections, and names, words, lists and dates as they may be written."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from chiro_db.model.predefined import DATABASE_OWNER
from chiro_db.model.privilege import PRIVILEGES
from chiro_db.model.reference import is_malformed, is_secret

_RESERVED_ROLES = frozenset({"public", "none", "current_role", "current_user", "session_user"})
_STORE_SECRET = re.compile(
    r"[?&][a-z_]*(?:secret|account_key|access_key|master_key|token|sas|service_account_key)[a-z_]*="
    r"(?!\$\{)[^&]",
    re.I,
)
_URL_PASSWORD = re.compile(
    r"://[^/@\s:]*:(?!\$\{)[^@/\s]+@|\b(?:ssl)?password\s*=\s*(?!\$\{)\S", re.I
)


def listed(value: Any) -> Any:
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
    if is_secret(value):
        raise ValueError(f"`{value}` would be the name itself; references are for secrets and URLs")
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


def _extension_schema(value: str) -> str:
    """pg_catalog too, where plpgsql and pg_cron are."""
    return value if value == "pg_catalog" else _schema_name(value)


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


_OBJECTS = re.compile(r'(?:"(?:[^"]|"")+"|[^".][^.]*)(?:\..+)?', re.S)


def _objects(value: str) -> str:
    if not _OBJECTS.fullmatch(value):
        raise ValueError(f"`{value}` is not a schema or schema.name, such as `shop.*`")
    return value


def _of_text(check: Callable[[str], str]) -> BeforeValidator:
    """A check of text that leaves what is no text to the type's own error."""
    return BeforeValidator(lambda value: check(value) if isinstance(value, str) else value)


_YES_NO = Annotated[str, Field(pattern="^([Yy][Ee][Ss]|[Nn][Oo]|[Oo][Nn]|[Oo][Ff][Ff])$")]
Identifier = Annotated[str, _of_text(_identifier)]
ExtensionSchema = Annotated[str, _of_text(_extension_schema)]
DatabaseName = Annotated[str, _of_text(_database_name)]
RoleName = Annotated[str, _of_text(_role_name)]
OwnerName = Annotated[str, _of_text(_owner_name)]
SchemaName = Annotated[str, _of_text(_schema_name)]
Flag = Annotated[bool, BeforeValidator(_flag, json_schema_input_type=bool | _YES_NO)]
Strings = Annotated[
    tuple[str, ...], BeforeValidator(listed, json_schema_input_type=str | list[str])
]
StoreAddress = Annotated[str, _of_text(_store)]
Stores = Annotated[
    tuple[StoreAddress, ...],
    BeforeValidator(listed, json_schema_input_type=str | list[str]),
]
Privilege = Annotated[str, _of_text(_privilege)]
Privileges = Annotated[
    tuple[Privilege, ...],
    AfterValidator(_privileges),
    BeforeValidator(listed, json_schema_input_type=str | list[str]),
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
Objects = Annotated[str, _of_text(_objects)]
Url = Annotated[str | None, _of_text(_url)]
Password = Annotated[str | None, _of_text(_secret)]


class Section(BaseModel):
    """A mapping of the spec: unknown keys are errors, values are never coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
