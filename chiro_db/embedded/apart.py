"""libpq's environment, which speaks of other servers."""

from __future__ import annotations


def apart(conninfo: str) -> str:
    """The same where PGPASSWORD or PGHOSTADDR is set: an empty value is one to libpq."""
    return f"{conninfo} password='' hostaddr=''"
