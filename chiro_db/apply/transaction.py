"""One transaction of an apply: alone by an advisory lock, and its errors in a user's words."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from chiro_db.apply.planning import Job
from chiro_db.catalog import passwords
from chiro_db.errors import ChirodbError, RefusedError, ServerError
from chiro_db.model.plan import Change, Hazard, Statement
from chiro_db.sql import VERIFIER_MARK, quote_text

if TYPE_CHECKING:
    import psycopg
    from psycopg.errors import Diagnostic as Notice

    from chiro_db.catalog.connect import Connection

LOCK = 0x636869726F6462  # "chirodb" in ASCII: one apply at a time in a database
TRIES = 3
# lock not available, deadlock, serialization, "tuple concurrently updated", catalog duplicates
_RETRYABLE = frozenset({"55P03", "40P01", "40001", "XX000", "23505"})
NOTHING = "nothing was changed"
Result = TypeVar("Result")


class RetryableError(Exception):
    """Rolled back for a reason that may be gone at the next try."""

    def __init__(self, reason: ChirodbError) -> None:
        super().__init__(str(reason))
        self.reason = reason


def tried(work: Callable[[], Result]) -> Result:
    """Its result, at the third try at the latest."""
    failed: ChirodbError | None = None
    for attempt in range(TRIES):
        if attempt:
            time.sleep(0.2 * attempt)
        try:
            return work()
        except RetryableError as error:
            failed = error.reason
    raise failed or ServerError("the apply did not end")


@contextmanager
def alone(connection: Connection, lock_timeout: float) -> Iterator[None]:
    """A transaction beside which no other apply runs in this database."""
    with _translated(connection), _transaction(connection):
        _prepare(connection, lock_timeout)
        yield


class Warned(NamedTuple):
    """A warning of the server."""

    sqlstate: str
    message: str


@contextmanager
def warned(connection: Connection) -> Iterator[list[Warned]]:
    """What the server warns of: of a GRANT without the right to it, there is nothing else."""
    warnings: list[Warned] = []

    def notice(said: Notice) -> None:  # which does not outlive this call
        if said.severity_nonlocalized == "WARNING":
            warnings.append(Warned(said.sqlstate or "", said.message_primary or ""))

    connection.add_notice_handler(notice)
    try:
        yield warnings
    finally:
        connection.remove_notice_handler(notice)


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


def execute(connection: Connection, job: Job, changes: Sequence[Change]) -> None:
    """All statements in one round trip; the one that failed is the first without a result."""
    import psycopg

    pairs = [(c, s) for c, s in each(changes) if s.database is None]
    cursors = []
    texts = [_sent(connection, job, change, statement) for change, statement in pairs]
    try:
        with connection.pipeline():
            for text in texts:
                cursors.append(connection.execute(text.encode()))
    except psycopg.Error as error:
        done = sum(1 for c in cursors if c.pgresult is not None and not c.pgresult.error_message)
        raise _StatementError(error, *pairs[min(done, len(pairs) - 1)]) from None


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
        raise RetryableError(_busy(connection)) from None
    except _StatementError as failed:
        told = explained(failed.error, failed.change, failed.statement)
        if failed.error.sqlstate in _RETRYABLE:
            raise RetryableError(told) from None
        raise told from None
    except psycopg.Error as error:
        hint = "the transaction was rolled back"
        if error.sqlstate in ("0A000", "25006"):  # BEGIN READ WRITE, and what follows
            hint = "is the server a standby? apply needs one that can be written to"
        told = ServerError(_first_line(error), hint=hint)
        if error.sqlstate in _RETRYABLE:
            raise RetryableError(told) from None
        raise told from None


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


def each(changes: Sequence[Change]) -> Iterator[tuple[Change, Statement]]:
    for change in changes:
        for statement in change.statements:
            yield change, statement


def explained(error: psycopg.Error, change: Change, statement: Statement) -> ChirodbError:
    hints = {
        "55P03": "somebody holds a lock on it; try again later or with a longer --lock-timeout",
        "42501": "the connected role may not do this; `plan` shows what it needs",
        "53200": f"{_less_locked(change)}; {NOTHING}",
    }
    return ServerError(
        f"{change.summary}: {_first_line(error)}",
        where=statement.shown,
        hint=hints.get(error.sqlstate or "", error.diag.message_hint or NOTHING),
    )


def _less_locked(change: Change) -> str:
    """What the statement names locks; of a GRANT or REVOKE, it need not."""
    granting = change.kind == "grant" and change.locks and Hazard.TAKES_LOCK not in change.hazards
    whole = ", `--whole-schemas` one that locks no tables but takes longer" if granting else ""
    return (
        "raise max_locks_per_transaction on the server, or lock less at once: `--by-service` takes"
        f" a transaction for each service{whole}"
    )


def _first_line(error: psycopg.Error) -> str:
    text = error.diag.message_primary or str(error).partition("\n")[0]
    detail = error.diag.message_detail
    return text + (f" ({' '.join(detail.split())})" if detail else "")
