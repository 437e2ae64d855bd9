"""A new password for one role: made here, sent as a verifier, and put where the spec looks."""

from __future__ import annotations

import secrets
from pathlib import Path

from chiro_db import sql
from chiro_db.apply.planning import Job
from chiro_db.catalog import passwords
from chiro_db.catalog.connect import connected
from chiro_db.errors import ChirodbError, RefusedError, ServerError
from chiro_db.files import write_private
from chiro_db.model.secret import Secret
from chiro_db.model.spec import references

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


def rotate(job: Job, role: str) -> Secret:
    """Give the role a new password and return it; a file that the spec names has it already.

    The file is written beside its place first and renamed after the commit, so that at no
    moment the server has a password that nobody knows.
    """
    source, name = reference(job, role)
    new = Secret(secrets.token_urlsafe(_BYTES))
    file = job.loaded.folder / Path(name).expanduser() if source == "file" else None
    waiting = file.with_name(f"{file.name}.new") if file is not None else None
    if waiting is None or file is None:
        _change(job, role, new)
        return new
    write_private(waiting, new.reveal() + "\n")
    try:
        _change(job, role, new)
    except ChirodbError:
        waiting.unlink()
        raise
    waiting.replace(file)
    return new


def _change(job: Job, role: str, new: Secret) -> None:
    import psycopg

    with connected(job.to) as connection:
        options = [sql.Keyword("PASSWORD"), sql.Text(passwords.verifier(connection, role, new))]
        text = sql.statement("role/alter", name=sql.Name(role), options=options)
        try:
            connection.execute(text.encode())
        except psycopg.Error as error:
            message = error.diag.message_primary or str(error).partition("\n")[0]
            raise ServerError(
                f"the password of `{role}` was not changed: {message}",
                hint="it takes CREATEROLE, and from 16 on ADMIN on the role",
            ) from None
