"""A new password for one role: made here, sent as a verifier, and put where the spec looks."""

from __future__ import annotations

import secrets
from pathlib import Path

from chiro_db import sql
from chiro_db.apply import history
from chiro_db.apply.planning import Job
from chiro_db.catalog import passwords
from chiro_db.catalog.connect import connected
from chiro_db.errors import ChirodbError, RefusedError, ServerError
from chiro_db.files import write_private
from chiro_db.model.reference import references
from chiro_db.model.secret import Secret

_BYTES = 24  # 192 bits of randomness in 32 characters that no shell or URL minds


def reference(job: Job, role: str) -> tuple[str, str]:
    """Where the spec keeps the role's password: ("env", NAME) or ("file", PATH)."""
    written = job.loaded.spec.roles.get(role)
    if written is None or written.password is None:
        known = [n for n, r in job.loaded.spec.roles.items() if r.password is not None]
        raise RefusedError(
            f"the spec declares no password for `{role}`",
            hint=f"it does for {', '.join(known)}" if known else "add `password:` under `roles:`",
        )
    return references(written.password)[0]


def rotate(job: Job, role: str) -> tuple[Secret, str | None]:
    """Give the role a new password and return it; a file that the spec names has it already.

    Besides, why the history has no row of it, if so.

    The file is written beside its place first and renamed after the commit, so that at no
    moment the server has a password that nobody knows.
    """
    source, name = reference(job, role)
    new = Secret(secrets.token_urlsafe(_BYTES))
    file = job.loaded.folder / Path(name).expanduser() if source == "file" else None
    waiting = file.with_name(f"{file.name}.new") if file is not None else None
    if waiting is None or file is None:
        return new, _change(job, role, new)
    write_private(waiting, new.reveal() + "\n")
    try:
        unwritten = _change(job, role, new)
    except ChirodbError:
        waiting.unlink()
        raise
    waiting.replace(file)
    return new, unwritten


def _change(job: Job, role: str, new: Secret) -> str | None:
    import psycopg

    origin = history.origin_of(job)
    with connected(job.to) as connection:
        made = passwords.verifier(connection, role, new)
        try:
            with connection.transaction():
                connection.execute("SET LOCAL search_path = ''")
                connection.execute(_statement(role, sql.Text(made)).encode())
                shown = _statement(role, sql.Text("***"))
                deed = history.Deed("password rotate", (), 0, 1, 0, (), (shown,))
                return history.record(connection, job, origin, deed)
        except psycopg.Error as error:
            message = error.diag.message_primary or str(error).partition("\n")[0]
            hint = "it takes CREATEROLE, and from 16 on ADMIN on the role"
            if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
                hint = "the server is a standby, or set to read only"
            raise ServerError(
                f"the password of `{role}` was not changed: {message}",
                hint=hint,
            ) from None


def _statement(role: str, password: sql.Text) -> str:
    options = [sql.Keyword("PASSWORD"), password]
    return sql.statement("role/alter", name=sql.Name(role), options=options)
