"""A plan as a script for psql."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from chiro_db.model.plan import Change, Plan, Statement
from chiro_db.report import summary
from chiro_db.report.words import visible
from chiro_db.sql import VERIFIER_MARK

_PASSWORD = f" PASSWORD {VERIFIER_MARK}"
_UTF8 = "SET client_encoding = 'UTF8';"  # of a connection, so after each \\connect
_PLAIN = re.compile(r"[A-Za-z0-9_.]+")


def plan_sql(plan: Plan) -> str:
    """All of it in one transaction, after what cannot be in one; psql stops at an error."""
    return "\n".join(_rows(plan)) + "\n"


def _rows(plan: Plan) -> Iterator[str]:
    yield from comment(summary.about(plan))
    yield from comment(summary.total(plan))
    made = f"made by chirodb {plan.chirodb}".rstrip() + (
        f" at {plan.made_at}" if plan.made_at else ""
    )
    yield from comment(made)
    if plan.runnable:
        database = visible(plan.database)
        connect = "postgres" if plan.creates_database else database
        yield from comment(f"run by psql -X, connected to the database {connect}")
        yield ""
        yield "\\set ON_ERROR_STOP on"
        yield _UTF8
    yield from _outside(plan)
    inside = [(c, s) for c in plan.runnable for s in c.statements if s.database is None]
    if inside:
        yield ""
        yield "BEGIN;"
        for change, statement in inside:
            yield from _statement(change, statement)
        yield "COMMIT;"
    yield from _blocked(plan.blocked)


def _outside(plan: Plan) -> Iterator[str]:
    """Each in the database that it has to run in; then back to the plan's own."""
    at = None
    for change in plan.runnable:
        for statement in change.statements:
            if statement.database is not None:
                if statement.database != at:
                    at = statement.database
                    yield ""
                    yield connect(at)
                    yield _UTF8
                yield from _statement(change, statement)
    if at is not None:
        yield connect(plan.database)
        yield _UTF8


def _statement(change: Change, statement: Statement) -> Iterator[str]:
    if statement.secret is None:
        yield f"{statement.shown};"
        return
    yield from comment(f"the password is left out; apply sends it, from {statement.secret}:")
    yield from comment(f"{statement.shown};")
    if set(change.after or ()) != {"password"}:
        yield f"{Statement(statement.sql.replace(_PASSWORD, '')).shown};"


def _blocked(changes: Iterable[Change]) -> Iterator[str]:
    for change in changes:
        if change.blocked is not None:
            yield ""
            yield from comment(f"blocked: {visible(change.summary)}: {change.blocked.reason}")
            yield from comment(f"an administrator has to run: {change.blocked.statement};")


def comment(text: str) -> Iterator[str]:
    """One line, whatever is in the text: nothing in it can end the comment."""
    yield f"-- {visible(text)}"


def connect(database: str) -> str:
    """psql's own command, quoted for it and for libpq, which reads `a=b` as a conninfo."""
    if _PLAIN.fullmatch(database):
        return f"\\connect {database}"
    value = database.replace("\\", "\\\\").replace("'", "\\'")
    info = f"dbname='{value}'".replace('"', '""')
    if any(c in database for c in "\n\r"):
        return f"\\echo connect to the database {visible(database)!r} by hand\n\\quit"
    return f'\\connect -reuse-previous=on "{info}"'
