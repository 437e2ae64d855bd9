"""Whether a service's roles can get in and find their tables, as PostgreSQL computes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chiro_db.kinds import parameter
from chiro_db.observe.finding import Result, Thresholds, found, ok
from chiro_db.resources import text
from chiro_db.sql import Name, Text

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection
    from chiro_db.model.spec import Spec


@dataclass(frozen=True, slots=True)
class Login:
    """A login role of a service, as it is; a row of rights.sql."""

    service: str
    role: str
    schema: str
    exists: bool
    login: bool
    expired: bool
    connection_limit: int
    connections: int
    schema_exists: bool
    may_connect: bool
    may_use: bool
    search_path: str | None


def logins(connection: Connection, spec: Spec, services: list[str]) -> Mapping[str, list[Login]]:
    """By service."""
    wanted = [
        (name, role, spec.services[name].schema_name)
        for name in services
        for role in spec.services[name].logins
        if (body := spec.roles.get(role)) is None or body.login is not False
    ]
    names, roles, schemas = ([row[i] for row in wanted] for i in range(3))
    rows = connection.execute(
        text("sql_templates/observe/rights.sql").encode(),
        {"services": names, "roles": roles, "schemas": schemas},
    )
    result: dict[str, list[Login]] = {name: [] for name in services}
    for row in rows:
        result[row[0]].append(Login(*row))
    return result


def rights(
    service: str, found_logins: list[Login], database: str, limits: Thresholds
) -> Iterator[Result]:
    """Role, CONNECT, schema USAGE, search_path, limits; each once where all is well."""
    checks: tuple[tuple[str, Callable[[Login], Result | None]], ...] = (
        ("role", lambda login: _role(service, login)),
        ("CONNECT", lambda login: _connect(service, login, database)),
        ("schema USAGE", lambda login: _usage(service, login)),
        ("search_path", lambda login: _path(service, login, database)),
        ("limits", lambda login: _limit(service, login, limits)),
    )
    roles = ", ".join(str(Name(login.role)) for login in found_logins)
    for step, check in checks:
        results = [result for login in found_logins if (result := check(login)) is not None]
        yield from results or [ok(service, step, roles)]


def _role(service: str, login: Login) -> Result | None:
    role = Name(login.role)
    if not login.exists:
        what = f"the role {role} does not exist"
        return found(service, "role", what, "no row in pg_roles", mend="chirodb apply")
    if not login.login:
        what, mend = f"{role} may not log in", f"ALTER ROLE {role} LOGIN"
        return found(service, "role", what, "pg_roles.rolcanlogin is false", mend=mend)
    if login.expired:
        return found(
            service,
            "role",
            f"the password of {role} has expired",
            "pg_roles.rolvaliduntil is past",
            mend=f"ALTER ROLE {role} VALID UNTIL 'infinity', or `valid_until:` in the spec",
        )
    return None


def _connect(service: str, login: Login, database: str) -> Result | None:
    if not login.exists or login.may_connect:
        return None
    role, name = Name(login.role), Name(database)
    return found(
        service,
        "CONNECT",
        f"{role} may not connect to {name}",
        f"has_database_privilege({Text(login.role)}, {Text(database)}, 'CONNECT') is false",
        mend=f"GRANT CONNECT ON DATABASE {name} TO {role}",
    )


def _usage(service: str, login: Login) -> Result | None:
    role, schema = Name(login.role), Name(login.schema)
    if not login.schema_exists:
        what = f"the schema {schema} does not exist"
        return found(service, "schema USAGE", what, "no row in pg_namespace", mend="chirodb apply")
    if not login.exists or login.may_use:
        return None
    return found(
        service,
        "schema USAGE",
        f"{role} may not use the schema {schema}",
        f"has_schema_privilege({Text(login.role)}, {Text(login.schema)}, 'USAGE') is false",
        mend=f"GRANT USAGE ON SCHEMA {schema} TO {role}",
    )


def _path(service: str, login: Login, database: str) -> Result | None:
    if not login.exists:
        return None
    path = '"$user", public' if login.search_path is None else login.search_path
    names = [login.role if n == "$user" else n for n in parameter.split_identifiers(path)]
    if login.schema in names:
        return None
    role, schema = Name(login.role), Name(login.schema)
    origin = "no setting says otherwise" if login.search_path is None else "pg_db_role_setting"
    return found(
        service,
        "search_path",
        f"the search_path of {role} lacks {schema}: its tables are not found",
        f"search_path is {path} ({origin})",
        mend=f"ALTER ROLE {role} IN DATABASE {Name(database)} SET search_path TO {schema};"
        " it takes effect at the next login",
    )


def _limit(service: str, login: Login, limits: Thresholds) -> Result | None:
    limit, held = login.connection_limit, login.connections
    if not login.exists or limit < 0 or held < limits.full * limit:
        return None
    role = Name(login.role)
    return found(
        service,
        "limits",
        f"{role} has {held} of its {limit} connections",
        f"pg_roles.rolconnlimit is {limit}",
        mend=f"end idle sessions of it, or ALTER ROLE {role} CONNECTION LIMIT {max(2 * limit, 1)}"
        " (`connection_limit:` in the spec)",
    )
