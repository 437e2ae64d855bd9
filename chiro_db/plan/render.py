"""The whole spec as one SQL script for psql, made without a server (docs/commands/render.md)."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from chiro_db import sql
from chiro_db.kinds import access, setting
from chiro_db.kinds.scope import Request
from chiro_db.model.acl import Source
from chiro_db.plan import render_rows as rows
from chiro_db.plan.render_rows import Row
from chiro_db.resources import text

if TYPE_CHECKING:
    from chiro_db.model.spec import Service, Spec

_ANY_VERSION = 10**6  # ALL is all there is; the script leaves out what its server does not have


@dataclass(frozen=True, slots=True)
class _Comment(sql.Value):
    """Text behind `--`: it stays on its line."""

    text: str

    def __html__(self) -> str:
        return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in self.text)


def render(spec: Spec, today: date) -> str:
    """Idempotent SQL of all that the spec says on that day, passwords apart."""
    return "\n\n".join(_parts(spec, today)) + "\n"


def _parts(spec: Spec, today: date) -> Iterator[str]:
    request = Request(spec)
    yield _header(spec, today)
    yield _static("begin")
    yield _spec(spec)
    yield _static("guard")
    yield from _roles(request)
    yield from _database(request, today)
    yield from _services(request, today)
    yield from _extensions(spec)
    yield _static("settle")
    yield _static("above")
    yield _static("extensions")
    yield _view("group", "object/inspect")
    for name in ("objects", "columns", "defaults", "settings", "drop", "end"):
        yield _static(name)


def _static(name: str) -> str:
    return text(f"sql_templates/render/{name}.sql").strip()


def _insert(table: str, values: Iterable[Row], columns: str = "") -> Iterator[str]:
    """INSERT of all rows; nothing where there are none."""
    if listed := list(values):
        names = sql.Listed(sql.Name(name) for name in columns.split()) if columns else None
        yield (
            sql.statement(
                "render/insert", table=sql.Name(f"chirodb_{table}"), columns=names, rows=listed
            )
            + ";"
        )


def _headline(words: str) -> str:
    return str(_Comment(f"-- {words} ".ljust(98, "-")))


# -- what stands on top -----------------------------------------------------------------------


def _header(spec: Spec, today: date) -> str:
    name = sql.Name(spec.database.name)
    passwords = [role for role, body in spec.roles.items() if body.password is not None]
    return sql.statement(
        "render/header",
        title=_Comment(f"The database {name}"),
        create=_Comment(sql.statement("database/create", name=name)),
        database=_Comment(_argument(spec.database.name)),
        passwords=[_Comment(sql.quote_name(role)) for role in passwords],
        ended=[_Comment(line) for line in _ended(spec, today)],
    )


def _argument(name: str) -> str:
    """As psql's -d takes it, which reads `=` and `://` as a connection string."""
    if "=" in name or "://" in name:
        escaped = name.replace("\\", "\\\\").replace("'", "\\'")
        name = f"dbname='{escaped}'"
    return shlex.quote(name)


def _ended(spec: Spec, today: date) -> Iterator[str]:
    def line(to: Iterable[str], where: str, until: date) -> str:
        return f"{where}, to {', '.join(map(sql.quote_name, to))}: until {until}"

    for given in spec.database.grants:
        if given.until is not None and given.until <= today:
            yield line(given.to, "a grant on the database", given.until)
    for key, service in spec.services.items():
        for grant in service.grants:
            if grant.until is not None and grant.until <= today:
                yield line(grant.to, f"a grant of the service {key}", grant.until)


def _spec(spec: Spec) -> str:
    """The row about the database, and the lines that need a server of 17 or later."""
    found: list[Row] = []

    def report(_severity: str, source: Source, _message: str) -> None:
        found.append(Row([sql.Text(".".join(map(str, source)))]))

    access.compiled(spec, 0, lambda _until: True, report)
    row = Row(
        [
            sql.Text(spec.database.name),
            rows.optional(spec.database.owner),
            rows.flag(spec.enforce == "additive"),
            rows.flag(spec.database.connect == "implied"),
        ]
    )
    return sql.statement("render/spec", row=row, maintain=found) + ";"


# -- section by section -----------------------------------------------------------------------


def _roles(request: Request) -> Iterator[str]:
    yield _headline("Roles")
    yield from _insert("role", rows.roles(request))
    yield from _insert("membership", rows.memberships(request))
    yield from _insert("absent", rows.absent(request))
    yield from _insert("ignored", rows.ignored(request))
    yield from _insert("maker", rows.makers(request))
    yield _static("roles")
    yield _view("membership_now", "membership/inspect")
    yield _static("memberships")
    yield _view("belonging", "role/belongings")
    yield _static("absent")


# What a plan's own queries have as parameters is in temporary tables here.
_PARAMETERS: Mapping[str, str] = {
    "absent": "SELECT name FROM pg_temp.chirodb_absent",
    "roles": """SELECT name FROM pg_temp.chirodb_role
          UNION SELECT name FROM pg_temp.chirodb_absent
          UNION SELECT owner FROM pg_temp.chirodb_spec WHERE owner IS NOT NULL""",
    "schemas": "SELECT schema FROM pg_temp.chirodb_maker WHERE owner ORDER BY schema",
    "owners": "SELECT role FROM pg_temp.chirodb_maker WHERE owner ORDER BY schema",
}
_DATABASE = "(SELECT database FROM pg_temp.chirodb_spec)"


def _view(name: str, query: str) -> str:
    """A query of a plan as a view, so that the script sees what the plan sees."""
    select = text(f"sql_templates/{query}.sql").strip()
    for parameter, values in _PARAMETERS.items():  # a join where it can be one
        select = select.replace(f"ANY(%({parameter})s)", f"ANY({values})")
    arrays = {key: f"ARRAY({values})" for key, values in _PARAMETERS.items()}
    select %= {**arrays, "database": _DATABASE}
    return f"CREATE TEMPORARY VIEW {sql.Name(f'chirodb_{name}')} AS\n{select};"


def _database(request: Request, today: date) -> Iterator[str]:
    section = request.spec.database
    yield _headline(f"Database {section.name}")
    owner = None if section.owner is None else sql.Name(section.owner)
    comment = None if section.comment is None else sql.Text(section.comment)
    if owner is not None or comment is not None:
        database = sql.Name(section.name)
        values = {"database": database, "owner": owner, "comment": comment}
        yield sql.statement("render/database", **values) + ";"
    yield from _insert("right", rows.database_rights(request, today))
    services = {role for service in request.services.values() for role in service.roles}
    wanted = setting.desired(request).values()
    yield from _insert("setting", [rows.setting(w) for w in wanted if w.role not in services])


def _services(request: Request, today: date) -> Iterator[str]:
    def active(until: date | None) -> bool:
        return until is None or today < until

    def report(_severity: str, _source: Source, _message: str) -> None:
        """With all privileges known there is nothing to report."""

    rights = access.compiled(request.spec, _ANY_VERSION, active, report)
    settings: dict[str | None, list[Row]] = {}
    for want in setting.desired(request).values():
        settings.setdefault(want.role, []).append(rows.setting(want))
    numbers = rows.Numbers()
    for key, service in request.services.items():
        yield _headline(f"Service {key}")
        yield _schema(service)
        part = rows.Narrowed()
        yield from _insert("right", rows.rights(rights[service.schema_name], numbers, part))
        columns = "narrow schema type written name pattern arguments"
        yield from _insert("narrow", part.names, columns)
        yield from _insert("column", part.columns)
        yield from _insert("setting", [r for x in service.roles for r in settings.pop(x, ())])


def _schema(service: Service) -> str:
    values = {
        "schema": sql.Name(service.schema_name),
        "owner": sql.Name(service.owner),
        "purpose": None if service.purpose is None else sql.Text(service.purpose),
    }
    return sql.statement("render/service", **values) + ";"


def _extensions(spec: Spec) -> Iterator[str]:
    yield _headline("What differs is changed here")
    wanted = spec.database.extensions.items()
    yield from _insert(
        "extension", [Row([sql.Text(n), rows.optional(body.schema_)]) for n, body in wanted]
    )
