"""What a superuser has to run once so that an ordinary administrator can apply the spec.

It is tried, not guessed: in a transaction that is rolled back the administrator is made, the plan
is made as that role, and what it finds blocked is run, until nothing is blocked any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chiro_db import sql
from chiro_db.apply.planning import Job, planned
from chiro_db.catalog.connect import connected_if_exists
from chiro_db.catalog.inspect import inspect
from chiro_db.errors import RefusedError, ServerError
from chiro_db.kinds import member_of, membership
from chiro_db.kinds.role import NAME as ROLE
from chiro_db.kinds.scope import Scope
from chiro_db.model.plan import Change, Plan, Step

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection

_ROUNDS = 1000  # one statement each, none twice
_OF_THE_SERVER = frozenset({ROLE, membership.NAME})  # all else is in the database, or about it


@dataclass(frozen=True, slots=True)
class Line:
    """One statement and why it is needed."""

    statement: str
    reason: str


@dataclass(frozen=True, slots=True)
class Script:
    """The statements, and those that wait for what the first apply makes."""

    administrator: str
    database: str
    server: str
    in_database: bool  # whether the database is there to be connected to
    lines: tuple[Line, ...]
    later: tuple[Line, ...]
    outside: tuple[Line, ...] = ()  # no SQL, or none for a transaction
    tried: bool = True  # not as an ordinary role, to which it is what its plan finds blocked


def bootstrap(job: Job, administrator: str | None) -> Script:
    """For the administrator named, else the database's owner in the spec."""
    with connected_if_exists(job.to) as connection, connection.transaction(force_rollback=True):
        row = connection.execute(
            "SELECT current_user::text, rolsuper FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        if row is None:
            raise ServerError("the connected role is not in pg_roles")
        me, superuser = row
        if not superuser:
            if administrator not in (None, me):
                raise RefusedError(
                    f"connected as {me}, no superuser, who cannot try for another role",
                    hint=f"connect as a superuser, or leave --admin {administrator} out",
                )
            made = planned(connection, job)
            now, later = _parted(made)
            return replace(_script(made, me, later, now), tried=False)
        name = administrator or job.loaded.spec.database.owner
        if name is None:
            raise RefusedError(
                "which role shall be the administrator?",
                hint="name it with --admin, or as `database: owner:` in the spec",
            )
        return _tried(connection, job, name)


def _tried(connection: Connection, job: Job, name: str) -> Script:
    lines: list[Line] = []
    for line in _administrator(connection, job, name):
        _run(connection, line)
        lines.append(line)
    become = f"SET LOCAL ROLE {sql.Name(name)}".encode()
    connection.execute(become)
    state = inspect(connection, job.request)
    connection.execute("RESET ROLE")
    for line in _reach(Scope(job.loaded.spec, state, job.today)):
        _run(connection, line)
        lines.append(line)
    for _ in range(_ROUNDS):
        connection.execute(become)
        made = planned(connection, job)
        connection.execute("RESET ROLE")
        new, later = _parted(made)
        if not new:
            return _script(made, name, later, tuple(lines))
        done = {line.statement for line in lines}
        first = _first_possible(connection, [n for n in new if n.statement not in done])
        if first is None:
            return _script(made, name, (*later, *new), tuple(lines))
        lines.append(first)
    raise ServerError("the administrator's blocked changes do not end", where=lines[-1].statement)


def _first_possible(connection: Connection, blocked: Sequence[Line]) -> Line | None:
    """Run one of the statements: those behind it may then be no longer blocked, or possible.

    None: they all wait for something that the first apply makes.
    """
    import psycopg

    missing = (psycopg.errors.UndefinedObject, psycopg.errors.InvalidSchemaName)
    for line in blocked:
        try:
            with connection.transaction():  # a savepoint
                _run(connection, line)
        except ServerError as error:
            if not isinstance(error.__context__, missing):
                raise
        else:
            return line
    return None


def _administrator(connection: Connection, job: Job, name: str) -> Iterator[Line]:
    """The role, and the database if it is there and a superuser's."""
    role = sql.Name(name)
    have = connection.execute(
        "SELECT rolcanlogin, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = %s", [name]
    ).fetchone()
    wanted = ("LOGIN", "CREATEROLE", "CREATEDB")
    if have is None:
        yield Line(f"CREATE ROLE {role} {' '.join(wanted)}", "the administrator")
    elif missing := [word for word, has in zip(wanted, have, strict=True) if not has]:
        yield Line(f"ALTER ROLE {role} {' '.join(missing)}", "what an administrator needs")
    database = job.loaded.spec.database.name
    owner = connection.execute(
        "SELECT r.rolname::text FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba"
        " WHERE d.datname = %s AND r.rolsuper",
        [database],
    ).fetchone()
    if owner is not None and owner[0] != name:
        reason = f"the database is {owner[0]}'s, a superuser's"
        yield Line(f"ALTER DATABASE {sql.Name(database)} OWNER TO {role}", reason)


def _reach(scope: Scope) -> Iterator[Line]:
    """What it takes to administer what is there already, now and whenever it drifts."""
    me = sql.Name(scope.server.role)
    if scope.server.major >= 16:  # before, CREATEROLE is enough
        groups = {role for role, _ in member_of.desired(scope)} | set(scope.named)
        known = scope.actual_roles
        missing = sorted(
            role
            for role in groups - {scope.server.role}
            if role in known and not known[role].administrable and not known[role].superuser
        )
        if missing:
            roles = sql.Listed(sql.Name(role) for role in missing)
            # As CREATEROLE would have it. With INHERIT a REVOKE of what such a role may grant
            # would be taken for the role's own, and do nothing (select_best_grantor in acl.c).
            options = "ADMIN TRUE, INHERIT FALSE, SET FALSE"
            yield Line(f"GRANT {roles} TO {me} WITH {options}", "roles that somebody else has made")
    for name, parameter in sorted(scope.state.parameters.items()):
        superusers = parameter.context in ("superuser", "superuser-backend")
        if superusers and name not in scope.state.settable and scope.server.major >= 15:
            text = f"GRANT SET ON PARAMETER {sql.Name(*parameter.name.split('.'))} TO {me}"
            yield Line(text, f"the spec sets {parameter.name}")


def _blocked(changes: Iterable[Change], administrator: str) -> Iterator[Line]:
    seen: set[str] = set()
    for change in changes:
        if change.blocked is None or change.blocked.outside:
            continue
        statement = _handed_over(change, administrator) or change.blocked.statement
        if statement not in seen:
            seen.add(statement)
            yield Line(statement, f"{change.summary}: {change.blocked.reason}")


def _handed_over(change: Change, administrator: str) -> str | None:
    """A change of owner, but to the administrator: the owner to be may not exist yet."""
    after = change.after or {}
    owner = after.get("owner", after.get("granted_by"))  # or by way of a grantor: decision 10
    if owner is None:
        return None
    end, to = f" OWNER TO {sql.Name(owner)}", f" OWNER TO {sql.Name(administrator)}"
    texts = [statement.sql for statement in change.statements]
    if not texts[-1].endswith(end):
        return None
    return "; ".join(t.removesuffix(end) + to if t.endswith(end) else t for t in texts)


def _parted(made: Plan) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """What can be run now, and what waits for a database that the first apply makes."""
    at_once = [
        change
        for change in made.blocked
        if change.kind in _OF_THE_SERVER
        or change.step == Step.CREATE_DATABASE
        or not made.creates_database
    ]
    waits = [change for change in made.blocked if change not in at_once]
    now = tuple(_blocked(at_once, made.user))
    said = {line.statement for line in now}
    return now, tuple(n for n in _blocked(waits, made.user) if n.statement not in said)


def _run(connection: Connection, line: Line) -> None:
    import psycopg

    try:
        connection.execute(line.statement.encode())
    except psycopg.Error as error:
        raise ServerError(
            f"even a superuser cannot do this: {error.diag.message_primary}", where=line.statement
        ) from None


def _script(made: Plan, name: str, later: tuple[Line, ...], lines: tuple[Line, ...]) -> Script:
    server = f"{made.host} (PostgreSQL {made.server})"
    outside = {
        change.blocked.statement: Line(change.blocked.statement, change.blocked.reason)
        for change in made.blocked
        if change.blocked is not None and change.blocked.outside
    }
    return Script(
        name, made.database, server, not made.creates_database, lines, later, (*outside.values(),)
    )
