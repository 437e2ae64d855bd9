"""One apply: everything in one transaction, checked before it is committed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from chiro_db.apply import history, saved
from chiro_db.apply.planning import Job, plan, planned
from chiro_db.catalog import passwords
from chiro_db.catalog.connect import MAINTENANCE, connected
from chiro_db.errors import ChirodbError, RefusedError, ServerError
from chiro_db.model.plan import Change, Plan, Statement
from chiro_db.sql import VERIFIER_MARK, quote_text

if TYPE_CHECKING:
    import psycopg
    from psycopg.errors import Diagnostic as Notice

    from chiro_db.apply.origin import Origin
    from chiro_db.catalog.connect import Connection

LOCK = 0x636869726F6462  # "chirodb" in ASCII: one apply at a time in a database
TRIES = 3
# lock not available, deadlock, serialization, "tuple concurrently updated", catalog duplicates
_RETRYABLE = frozenset({"55P03", "40P01", "40001", "XX000", "23505"})


class PlanChangedError(RefusedError):
    """The database is another one than the plan was made for; nothing was changed."""

    def __init__(self, now: Plan) -> None:
        super().__init__("the database changed since the plan was made")
        self.now = now


def apply(job: Job, shown: Plan, *, lock_timeout: float) -> Plan:
    """Carry the plan out and return what was done: nothing where another apply did it first.

    PlanChangedError where something else has to be done by now; ServerError, RefusedError.
    """
    job = replace(job, only=frozenset(shown.services))  # a saved plan may be narrowed
    if shown.creates_database:
        if shown.fingerprint:
            saved.check(shown, plan(job, for_saving=True))
        _create_database(job, shown)
    origin = history.origin_of(job)
    failed: ChirodbError | None = None
    for attempt in range(TRIES):
        if attempt:
            time.sleep(0.2 * attempt)
        try:
            with connected(job.to) as connection:
                return _attempt(connection, job, shown, lock_timeout, origin)
        except _RetryableError as error:
            failed = error.reason
    raise failed or ServerError("the apply did not end")


class _RetryableError(Exception):
    def __init__(self, reason: ChirodbError) -> None:
        super().__init__(str(reason))
        self.reason = reason


def _create_database(job: Job, shown: Plan) -> None:
    """CREATE DATABASE cannot run in a transaction; that it exists already is no failure."""
    import psycopg

    with connected(job.to, MAINTENANCE) as connection:
        for change, statement in _each(shown.runnable):
            if statement.database is None:
                continue
            try:
                connection.execute(statement.sql.encode())
            except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                continue  # another apply was first, or at the same moment
            except psycopg.Error as error:
                raise _explained(error, change, statement) from None


def _each(changes: Sequence[Change]) -> Iterator[tuple[Change, Statement]]:
    for change in changes:
        for statement in change.statements:
            yield change, statement


def _attempt(
    connection: Connection, job: Job, shown: Plan, lock_timeout: float, origin: Origin | None
) -> Plan:
    warnings: list[str] = []

    def notice(diagnostic: Notice) -> None:
        if diagnostic.severity_nonlocalized == "WARNING":
            warnings.append(diagnostic.message_primary or "")

    with _translated(connection), _transaction(connection):
        _prepare(connection, lock_timeout)
        is_saved = bool(shown.fingerprint) and not shown.creates_database
        now = planned(connection, job, new_passwords=shown.new_passwords, for_saving=is_saved)
        if is_saved:
            saved.check(shown, now)
        if _texts(now) != _texts(shown):
            if not now.runnable:
                return now
            raise PlanChangedError(now)
        connection.add_notice_handler(notice)
        _execute(connection, job, now)
        left = planned(connection, job, new_passwords=frozenset())
        if left.runnable:
            raise _RetryableError(_unfinished(left, warnings))
        done = _with_database(shown, now)
        unwritten = history.record(connection, job, origin, history.applied(done))
    return replace(done, warnings=(*done.warnings, unwritten)) if unwritten else done


def _with_database(shown: Plan, now: Plan) -> Plan:
    """What was done, and what was done before the transaction."""
    first = [c for c in shown.runnable if any(s.database is not None for s in c.statements)]
    return replace(now, changes=(*first, *now.changes))


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    """READ COMMITTED (docs/decisions/0006), whatever the defaults of the database or role are."""
    import psycopg

    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    connection.read_only = connection.deferrable = False
    finished = False
    try:
        with connection.transaction():
            yield
            finished = True
    except psycopg.OperationalError as error:
        if finished and error.sqlstate is None:
            raise _CommitError(error) from None
        raise


class _CommitError(Exception):
    """The connection was lost between COMMIT and its answer."""

    def __init__(self, error: psycopg.Error) -> None:
        super().__init__(str(error))
        self.error = error


def _texts(plan: Plan) -> list[str]:
    return [statement.sql for statement in plan.statements if statement.database is None]


def _prepare(connection: Connection, lock_timeout: float) -> None:
    """Nobody's settings shall decide; then wait until no other apply is under way here."""
    import psycopg

    connection.execute(
        f"SET LOCAL lock_timeout = {int(lock_timeout * 1000)};"
        " SET LOCAL statement_timeout = 0;"
        " SET LOCAL idle_in_transaction_session_timeout = 0;"
        " SET LOCAL standard_conforming_strings = on;"
        " SET LOCAL client_min_messages = warning;"
        " SET LOCAL search_path = ''"
    )
    try:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    except psycopg.errors.LockNotAvailable:
        raise _BusyError from None


class _BusyError(Exception):
    """Another apply holds the advisory lock."""


def _execute(connection: Connection, job: Job, now: Plan) -> None:
    """All statements in one round trip; the one that failed is the first without a result."""
    import psycopg

    pairs = [(c, s) for c, s in _each(now.runnable) if s.database is None]
    cursors = []
    texts = [_sent(connection, job, change, statement) for change, statement in pairs]
    failed: psycopg.Error | None = None
    try:
        with connection.pipeline():
            try:
                for text in texts:
                    cursors.append(connection.execute(text.encode()))
            except psycopg.Error as error:  # or psycopg logs that ending the pipeline fails, too
                failed = error
    except psycopg.Error as error:
        failed = failed or error
    if failed is not None:
        done = sum(1 for c in cursors if c.pgresult is not None and not c.pgresult.error_message)
        raise _StatementError(failed, *pairs[min(done, len(pairs) - 1)])


class _StatementError(Exception):
    def __init__(self, error: psycopg.Error, change: Change, statement: Statement) -> None:
        super().__init__(str(error))
        self.error, self.change, self.statement = error, change, statement


def _sent(connection: Connection, job: Job, change: Change, statement: Statement) -> str:
    """The statement as it goes to the server: with the verifier in its place."""
    if statement.secret is None:
        return statement.sql
    made = passwords.verifier(connection, change.name, job.secrets[change.name])
    return statement.sql.replace(VERIFIER_MARK, quote_text(made), 1)


@contextmanager
def _translated(connection: Connection) -> Iterator[None]:
    """Driver errors as errors of ours, told apart by whether another try may succeed."""
    import psycopg

    try:
        yield
    except _CommitError as failed:
        raise ServerError(
            f"the connection was lost at the commit: {_first_line(failed.error)}",
            hint="whether it was committed is for `chirodb plan` to say; it was all or nothing",
        ) from None
    except _BusyError:
        raise _RetryableError(_busy(connection)) from None
    except _StatementError as failed:
        explained = _explained(failed.error, failed.change, failed.statement)
        if failed.error.sqlstate in _RETRYABLE:
            raise _RetryableError(explained) from None
        raise explained from None
    except psycopg.Error as error:
        hint = "the transaction was rolled back"
        if error.sqlstate in ("0A000", "25006"):  # BEGIN READ WRITE, and what follows
            hint = "is the server a standby? apply needs one that can be written to"
        explained = ServerError(_first_line(error), hint=hint)
        if error.sqlstate in _RETRYABLE:
            raise _RetryableError(explained) from None
        raise explained from None


def _busy(connection: Connection) -> ChirodbError:
    """Who holds the advisory lock, as far as pg_stat_activity shows it."""
    from chiro_db.resources import text

    row = connection.execute(
        text("sql_templates/catalog/holder.sql").encode(), {"lock": LOCK}
    ).fetchone()
    who = "another apply"
    if row is not None:
        pid, user, client, since = row
        who = f"an apply of {user}{f' from {client}' if client else ''}, process {pid}"
        who += f", since {since}" if since else ""
    return RefusedError(
        f"{who} holds the lock of this database",
        hint="wait until it has ended, or end it: SELECT pg_terminate_backend(pid)",
    )


def _unfinished(left: Plan, warnings: Sequence[str]) -> ChirodbError:
    """The server took the statements but not their effect; rolled back."""
    lines = [f"still to do after the statements: {c.summary}" for c in left.runnable[:3]]
    said = f"; the server warned: {warnings[0]}" if warnings else ""
    return ServerError(
        f"the result is not what was planned{said}",
        where="; ".join(lines),
        hint="nothing was changed; something else may be changing the database meanwhile",
    )


def _explained(error: psycopg.Error, change: Change, statement: Statement) -> ChirodbError:
    hints = {
        "55P03": "somebody holds a lock on it; try again later or with a longer --lock-timeout",
        "42501": "the connected role may not do this; `plan` shows what it needs",
        "53200": "raise max_locks_per_transaction on the server",
    }
    return ServerError(
        f"{change.summary}: {_first_line(error)}",
        where=statement.shown,
        hint=hints.get(error.sqlstate or "", error.diag.message_hint or "nothing was changed"),
    )


def _first_line(error: psycopg.Error) -> str:
    text = error.diag.message_primary or str(error).partition("\n")[0]
    detail = error.diag.message_detail
    return text + (f" ({' '.join(detail.split())})" if detail else "")
