"""How a client program gets at the server: no password in its arguments."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chiro_db.errors import ChirodbError

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Where

_HIDDEN = {"password": "PGPASSWORD"}


def environment(to: Where) -> dict[str, str]:
    """Ours, with the password of the connection; read by its owner and root alone."""
    given = {
        variable: str(to.parameters[name])
        for name, variable in _HIDDEN.items()
        if name in to.parameters
    }
    return {**os.environ, **given, "LC_ALL": "C"}


def conninfo(to: Where, database: str, application: str) -> str:
    """All that is no secret, for the option --dbname."""
    from psycopg.conninfo import make_conninfo

    if to.parameters.get("sslpassword"):
        raise ChirodbError(
            "the connection has an `sslpassword`, which pg_dump takes in its arguments alone",
            hint="use a client key without a passphrase, in a file that you alone can read",
        )
    shown = {name: value for name, value in to.parameters.items() if name not in _HIDDEN}
    return make_conninfo("", **{**shown, "dbname": database, "application_name": application})
