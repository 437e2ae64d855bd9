"""What a spec says, as rows for the temporary tables of a rendered script."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any

from chiro_db import sql
from chiro_db.kinds import parameter
from chiro_db.kinds import setting as settings
from chiro_db.kinds.access import Narrow, Rights, SchemaAccess
from chiro_db.kinds.scope import Request
from chiro_db.kinds.signature import Signature, is_glob, type_name
from chiro_db.model.privilege import PRIVILEGES, Securable
from chiro_db.plan.glob import regular_expression

NULL = sql.Keyword("NULL")
_TRUE, _FALSE = sql.Keyword("TRUE"), sql.Keyword("FALSE")
_ATTRIBUTES = (
    *("superuser", "createdb", "createrole", "replication", "bypassrls"),
    *("inherit", "connection_limit", "valid_until", "comment"),
)
Row = sql.Listed
# Grantee or PUBLIC, grant option, on what exists (False: tolerated there), on what will.
_Group = tuple[str | None, bool, bool | None, bool]


class Array(sql.Value):
    """An array of texts."""

    __slots__ = ("words",)

    def __init__(self, words: Iterable[str]) -> None:
        self.words = tuple(words)

    def __html__(self) -> str:
        if not self.words:
            return "'{}'"
        return "ARRAY[" + ", ".join(map(sql.quote_text, self.words)) + "]"


class Numbers:
    """Counts the narrowed grants of the whole spec."""

    def __init__(self) -> None:
        self._counter = count(1)

    def next(self) -> int:
        return next(self._counter)


@dataclass(slots=True)
class Narrowed:
    """The rows about the names that narrowed grants give."""

    names: list[Row] = field(default_factory=list)
    columns: list[Row] = field(default_factory=list)


def flag(value: bool | None) -> sql.Value:
    return NULL if value is None else _TRUE if value else _FALSE


def optional(value: str | None) -> sql.Value:
    return NULL if value is None else sql.Text(value)


def roles(request: Request) -> Iterator[Row]:
    """Name and attributes as JSON; what is not written is not in it."""
    for name in request.declared:
        written = request.role(name)
        attributes: dict[str, Any] = {}
        if name in request.logins:
            attributes["login"] = True
        elif written is not None and written.login is not None:
            attributes["login"] = False
        for attribute in _ATTRIBUTES if written is not None else ():
            value = getattr(written, attribute)
            if value is not None:
                attributes[attribute] = value
        if written is not None and written.member_of is not None:
            attributes["member_of"] = True
        yield Row([sql.Text(name), sql.Text(json.dumps(attributes, ensure_ascii=False))])


def memberships(request: Request) -> Iterator[Row]:
    """INHERIT is null where the member's attribute decides and the spec does not say it."""
    found: dict[tuple[str, str], tuple[bool, bool | None, bool]] = {}
    for service in request.services.values():
        if service.migrator is not None:
            found[(service.owner, service.migrator)] = (False, True, True)
    for member in request.declared:
        written = request.role(member)
        for entry in (written.member_of if written else None) or ():
            found[(entry.role, member)] = (entry.admin, entry.inherit, entry.set)
    for (role, member), options in found.items():
        yield Row([sql.Text(role), sql.Text(member), *map(flag, options)])


def absent(request: Request) -> Iterator[Row]:
    """Roles to be dropped, with their heirs; nothing is taken away under `enforce: additive`."""
    for name in request.absent if request.spec.enforce == "exact" else ():
        yield Row([sql.Text(name), optional(request.spec.roles[name].reassign_to)])


def ignored(request: Request) -> Iterator[Row]:
    for glob in request.spec.ignore.roles:
        yield Row([sql.Text(regular_expression(glob))])


def makers(request: Request) -> Iterator[Row]:
    for schema, listed in request.makers.items():
        owner = request.owners[schema]
        for role in dict.fromkeys((owner, *listed)):
            yield Row([sql.Text(schema), sql.Text(role), flag(role == owner)])


def setting(want: settings.Want) -> Row:
    """Without a value where there shall be no setting."""
    words = tuple(word for word in want.value if word) or ("",) * bool(want.value)
    is_list = want.parameter.lower() in parameter.QUOTED_LISTS
    name = str(sql.Name(*want.parameter.split(".")))
    return Row(
        [
            optional(want.role),
            sql.Text(name),
            Array(words if is_list else want.value),
            flag(is_list),
        ]
    )


def database_rights(request: Request, today: date) -> Iterator[Row]:
    for grant in request.spec.database.grants:
        if grant.until is not None and grant.until <= today:
            continue
        names = PRIVILEGES["database"] if "ALL" in grant.privileges else grant.privileges
        for to in grant.to:
            group = (None if to == "public" else to, grant.grantable, True, False)
            yield _right("", "database", None, group, names)


def rights(access: SchemaAccess, numbers: Numbers, narrowed: Narrowed) -> Iterator[Row]:
    """The rights in one schema; the names that narrowed grants give go to `narrowed`."""
    schema = access.schema
    yield from _grouped(schema, "schema", access.above, {}, {})
    for securable in ("table", "sequence", "routine", "type"):
        parts = (access.whole, access.either, access.future)
        yield from _grouped(schema, securable, *(part.get(securable, {}) for part in parts))
    for maker, own in access.made_by.items():
        for securable, future in own.items():
            for group, privileges in _groups({}, {}, future).items():
                yield _right(schema, securable, None, group, privileges, maker)
    for securable, narrows in access.narrowed.items():
        for narrow in narrows:
            number = numbers.next()
            for group, privileges in _groups(narrow.rights, {}, {}).items():
                yield _right(schema, securable, number, group, privileges)
            narrowed.names += _names(narrow, number, schema, securable)
            narrowed.columns += _columns(narrow, number)


def _grouped(
    schema: str, securable: Securable, whole: Rights, either: Rights, future: Rights
) -> Iterator[Row]:
    for group, privileges in _groups(whole, either, future).items():
        yield _right(schema, securable, None, group, privileges)


def _groups(whole: Rights, either: Rights, future: Rights) -> dict[_Group, list[str]]:
    """Privileges that a grantee has alike, so that they stand in one row."""
    result: dict[_Group, list[str]] = {}
    for key in dict.fromkeys((*whole, *either, *future)):
        grantee, privilege = key
        now, later = whole.get(key), future.get(key)
        if (tolerated := either.get(key)) is not None:
            group = (grantee, tolerated.grantable, False, False)
            result.setdefault(group, []).append(privilege)
        if now is not None and later is not None and now.grantable == later.grantable:
            result.setdefault((grantee, now.grantable, True, True), []).append(privilege)
            continue
        if now is not None:
            result.setdefault((grantee, now.grantable, True, False), []).append(privilege)
        if later is not None:
            result.setdefault((grantee, later.grantable, None, True), []).append(privilege)
    return result


def _right(
    schema: str,
    securable: str,
    narrow: int | None,
    group: _Group,
    privileges: Iterable[str],
    maker: str | None = None,
) -> Row:
    grantee, grantable, existing, future = group
    return Row(
        [
            sql.Text(schema),
            sql.Text(securable),
            NULL if narrow is None else sql.Number(narrow),
            optional(grantee),
            Array(privileges),
            flag(grantable),
            flag(existing),
            flag(future),
            optional(maker),
        ]
    )


def _names(narrow: Narrow, number: int, schema: str, securable: Securable) -> Iterator[Row]:
    for written in (*narrow.literals, *(text for text, _, _ in narrow.patterns)):
        name, arguments = written, None
        if securable == "routine":
            signature = Signature.parse(written, schema)
            name, arguments = signature.name, signature.arguments
        yield Row(
            [
                sql.Number(number),
                sql.Text(schema),
                sql.Text(securable),
                sql.Text(written),
                *_match(name),
                NULL if arguments is None else Array(type_name(a) for a in arguments),
            ]
        )


def _columns(narrow: Narrow, number: int) -> Iterator[Row]:
    for column in narrow.columns:
        yield Row([sql.Number(number), sql.Text(column), *_match(column)])


def _match(name: str) -> tuple[sql.Value, sql.Value]:
    """The name itself, or the pattern that it is."""
    return (NULL, sql.Text(regular_expression(name))) if is_glob(name) else (sql.Text(name), NULL)
