"""What can be granted on what (PostgreSQL's manual, Privileges), and how an ACL abbreviates it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

Securable = Literal["database", "schema", "table", "column", "sequence", "routine", "type"]

# In the order in which pg_dump and \dp print them; MAINTAIN came with 17.
PRIVILEGES: Mapping[Securable, tuple[str, ...]] = {
    "database": ("CREATE", "TEMPORARY", "CONNECT"),
    "schema": ("USAGE", "CREATE"),
    "table": (
        "SELECT",
        "INSERT",
        "UPDATE",
        "DELETE",
        "TRUNCATE",
        "REFERENCES",
        "TRIGGER",
        "MAINTAIN",
    ),
    "column": ("SELECT", "INSERT", "UPDATE", "REFERENCES"),
    "sequence": ("SELECT", "USAGE", "UPDATE"),
    "routine": ("EXECUTE",),
    "type": ("USAGE",),
}

# The spec's words for kinds of objects.
ON: Mapping[str, Securable] = {
    "schema": "schema",
    "tables": "table",
    "sequences": "sequence",
    "functions": "routine",
    "types": "type",
}

ABBREVIATIONS: Mapping[str, str] = {
    "r": "SELECT",
    "a": "INSERT",
    "w": "UPDATE",
    "d": "DELETE",
    "D": "TRUNCATE",
    "x": "REFERENCES",
    "t": "TRIGGER",
    "m": "MAINTAIN",
    "X": "EXECUTE",
    "U": "USAGE",
    "C": "CREATE",
    "c": "CONNECT",
    "T": "TEMPORARY",
    "s": "SET",
    "A": "ALTER SYSTEM",
}


@cache
def known(securable: Securable, version: int) -> tuple[str, ...]:
    """The privileges that a server of this version (`server_version_num`) has on such an object."""
    return tuple(p for p in PRIVILEGES[securable] if p != "MAINTAIN" or version >= 170000)
