"""What was applied, by whom and when: a row in `chirodb.history` for each apply that did something.

The schema is the database owner's, by PostgreSQL's role pg_database_owner (docs/decisions).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chiro_db import __version__, sql
from chiro_db.apply.origin import origin
from chiro_db.apply.planning import Job
from chiro_db.catalog.connect import connected_if_exists
from chiro_db.errors import RefusedError, ServerError
from chiro_db.model.plan import Action, Plan
from chiro_db.resources import text

if TYPE_CHECKING:
    from chiro_db.apply.origin import Origin
    from chiro_db.catalog.connect import Connection

# No right to it, or not the table that it should be: what another try would meet again.
_LASTING = ("42", "P0001")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row; what the client's machine did not know is None."""

    id: int
    at: datetime
    command: str
    login: str  # session_user
    role: str  # current_user
    os_user: str | None
    host: str | None
    client_address: str | None
    application_name: str | None
    actor: str | None  # as CI calls who started it
    job: str | None
    target: str
    services: Sequence[str]
    spec_digest: str
    git_commit: str | None
    git_dirty: bool | None
    chirodb: str
    created: int
    changed: int
    removed: int
    hazards: Sequence[str]
    statement_count: int
    statements: Sequence[str] | None = None  # None: not asked for


@dataclass(frozen=True, slots=True)
class Deed:
    """What a command did, as its row says it."""

    command: str
    services: Sequence[str]
    created: int
    changed: int
    removed: int
    hazards: Sequence[str]
    statements: Sequence[str]


def applied(plan: Plan) -> Deed:
    """The deed of a plan that was carried out."""
    actions = Counter(change.action for change in plan.runnable)
    return Deed(
        "apply",
        plan.services,
        actions[Action.CREATE],
        actions[Action.UPDATE],
        actions[Action.DELETE],
        sorted(plan.hazards),
        [statement.shown for statement in plan.statements],
    )


def origin_of(job: Job) -> Origin | None:
    """For `record`; found before the transaction, since git is asked. None: no history."""
    return origin(job.loaded.path) if job.loaded.spec.history else None


def record(connection: Connection, job: Job, of: Origin | None, deed: Deed) -> str | None:
    """Leave the row in the caller's transaction; why there is none, where none can be written."""
    import psycopg

    if of is None:
        return None
    values = {
        "command": deed.command,
        "os_user": of.os_user,
        "host": of.host,
        "actor": of.actor,
        "job": of.job,
        "target": job.target,
        "services": list(deed.services),
        "spec_digest": job.loaded.digest,
        "git_commit": of.commit,
        "git_dirty": of.dirty,
        "chirodb": __version__,
        "created": deed.created,
        "changed": deed.changed,
        "removed": deed.removed,
        "hazards": list(deed.hazards),
        "statements": list(deed.statements),
    }
    if connection.info.parameter_status("server_encoding") != "UTF8":
        values = {k: _ascii(v) if k != "statements" else v for k, v in values.items()}
    try:
        with connection.transaction():  # a savepoint
            connection.execute(sql.statement("history/prepare").encode())
            connection.execute(_sql("insert"), values)
    except psycopg.errors.LockNotAvailable:
        raise _locked(connection) from None
    except psycopg.Error as error:
        if not (error.sqlstate or "").startswith(_LASTING):
            raise
        remedy = "rename or drop what is there, or say `history: false`"
        if error.sqlstate == "42501":
            remedy = "the database's owner writes it, and who may use the schema and INSERT"
        return f"the history has no row of this: {error.diag.message_primary}; {remedy}"
    return None


class LockedError(ServerError):
    """Somebody holds a lock on the table; another try may find it gone."""


def _locked(connection: Connection) -> LockedError:
    row = connection.execute(_sql("locks")).fetchone()
    who, end = "another session", ""
    if row is not None:
        pid, user, since = row
        who = f"{f'a session of {user}' if user else who}, process {pid}"
        who += f", in a transaction since {since}" if since else ""
        end = f", or end it: SELECT pg_terminate_backend({pid})"
    return LockedError(
        f"the history cannot be written: {who} holds a lock on it",
        where="chirodb.history",
        hint=f"nothing was changed; wait until that transaction has ended{end}",
    )


def _ascii(value: Any) -> Any:
    """A database in another encoding may not have the letters of a name that it never saw."""
    if isinstance(value, list):
        return [_ascii(item) for item in value]
    return value.encode("ascii", "backslashreplace").decode() if isinstance(value, str) else value


def entries(job: Job, limit: int) -> tuple[Entry, ...]:
    """The newest first."""
    from psycopg.rows import class_row

    with connected_if_exists(job.to) as connection, connection.transaction():
        if not _there(connection, job):
            return ()
        with connection.cursor(row_factory=class_row(Entry)) as cursor:
            return tuple(cursor.execute(_sql("list"), {"limit": limit}))


def entry(job: Job, number: int) -> Entry:
    """One with its statements; RefusedError where there is none of this number."""
    from psycopg.rows import class_row

    found = None
    with connected_if_exists(job.to) as connection, connection.transaction():
        if _there(connection, job):
            with connection.cursor(row_factory=class_row(Entry)) as cursor:
                found = cursor.execute(_sql("show"), {"id": number}).fetchone()
    if found is None:
        raise RefusedError(
            f"the history has no entry {number}", hint="`chirodb history` lists them"
        )
    return found


def _there(connection: Connection, job: Job) -> bool:
    """Whether there is a history, which is safe to read."""
    if connection.info.dbname != job.to.database:  # which the first apply creates
        return False
    connection.execute("SET LOCAL search_path = ''")
    row = connection.execute(_sql("unfit")).fetchone()
    if row is not None and row[0] is not None:
        raise ServerError(
            f"chirodb.history is not as chirodb made it: {row[0]}",
            hint="look at it in psql, and rename or drop what somebody has put there",
        )
    return row is not None


def _sql(name: str) -> bytes:
    return text(f"sql_templates/history/{name}.sql").encode()
