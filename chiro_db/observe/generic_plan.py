"""EXPLAIN (GENERIC_PLAN) of normalised statements, from PostgreSQL 16 on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chiro_db import sql
from chiro_db.errors import RefusedError

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection
    from chiro_db.model.spec import Service

_PLANNED = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|MERGE|WITH|VALUES|TABLE|\()", re.I)


def check(connection: Connection) -> None:
    """RefusedError where the server is too old for it."""
    if connection.info.server_version < 160000:
        version = connection.info.parameter_status("server_version")
        raise RefusedError(
            f"--explain needs PostgreSQL 16 or newer; the server is {version}",
            hint="generic plans of normalised statements are new in 16",
        )


def generic_plan(connection: Connection, query: str, service: Service) -> str:
    """The plan in the service's schema and as its owner, or why there is none."""
    import psycopg
    from psycopg.pq import ExecStatus

    if not _PLANNED.match(query):
        return "no plan: this kind of statement has none"
    explain = f"EXPLAIN (GENERIC_PLAN) {query}".encode()
    try:
        with connection.transaction(force_rollback=True):
            owner, schema = sql.Name(service.owner), sql.Name(service.schema_name)
            connection.execute(f"SET LOCAL search_path TO {schema}, public".encode())
            try:
                with connection.transaction():
                    connection.execute(f"SET LOCAL ROLE {owner}".encode())
            except psycopg.errors.InsufficientPrivilege:
                pass  # then as oneself
            # Parse alone takes a single statement: nothing can hide behind its text.
            parsed = connection.pgconn.prepare(b"", explain)
            if parsed.status != ExecStatus.COMMAND_OK:
                message = parsed.error_field(psycopg.pq.DiagnosticField.MESSAGE_PRIMARY) or b""
                return f"no plan: {message.decode(errors='replace')}"
            rows = connection.execute(explain).fetchall()
    except psycopg.Error as error:
        return f"no plan: {error.diag.message_primary or error}"
    return "\n".join(row[0] for row in rows)
