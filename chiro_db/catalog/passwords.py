"""Whether a role has the declared password already, and how a new one is sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import stringprep
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING

from chiro_db.catalog.connect import MAINTENANCE, Where
from chiro_db.model.secret import Secret, read
from chiro_db.model.state import State

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection


def differing(
    to: Where, state: State, declared: Mapping[str, Secret]
) -> tuple[frozenset[str], tuple[str, ...]]:
    """The existing roles whose password is another one, and those of which it cannot be told.

    Where the verifier cannot be read, a login decides. Of the declared passwords only those are
    read that are compared.
    """
    existing = {role.name: role for role in state.facts["role"]}
    different: set[str] = set()
    unknown: list[str] = []
    compared: list[str] = []
    for name in declared:
        if name not in existing:
            continue
        if name in state.verifiers:
            known = _is_scram(state.verifiers[name])
            compared.append(name) if known else different.add(name)
        elif existing[name].expired or not existing[name].login:
            unknown.append(name)  # the server refuses the right one too
        else:
            compared.append(name)
    for name, secret in read(declared, compared).items():
        equal: bool | None
        if name in state.verifiers:
            equal = matches(state.verifiers[name], secret)
        else:
            equal = _logs_in(to, name, secret, fresh=not state.server.database_exists)
        if equal is None:
            unknown.append(name)
        elif not equal:
            different.add(name)
    return frozenset(different), tuple(unknown)


def matches(verifier: str | None, secret: Secret) -> bool:
    """Whether a SCRAM-SHA-256 verifier (RFC 5802) is one of this password; md5 never is."""
    if verifier is None or not _is_scram(verifier):
        return False
    _, parameters, keys = verifier.split("$")
    iterations, salt = parameters.split(":")
    stored = base64.b64decode(keys.split(":")[0])
    salted = hashlib.pbkdf2_hmac(
        "sha256", prepared(secret.reveal()), base64.b64decode(salt), int(iterations)
    )
    client = hmac.digest(salted, b"Client Key", "sha256")
    return hmac.compare_digest(hashlib.sha256(client).digest(), stored)


def _is_scram(verifier: str | None) -> bool:
    return verifier is not None and verifier.startswith("SCRAM-SHA-256$")


def verifier(connection: Connection, role: str, secret: Secret) -> str:
    """A new SCRAM-SHA-256 verifier, made by libpq on this side."""
    made = connection.pgconn.encrypt_password(
        secret.reveal().encode(), role.encode(), b"scram-sha-256"
    )
    return made.decode()


def prepared(password: str) -> bytes:
    """SASLprep (RFC 4013) as libpq does it: a password that it forbids is used as it is."""
    if password.isascii():
        return password.encode()
    mapped = "".join(
        " " if stringprep.in_table_c12(c) else c for c in password if not stringprep.in_table_b1(c)
    )
    normal = unicodedata.normalize("NFKC", mapped)
    prohibited = (
        stringprep.in_table_a1,
        stringprep.in_table_c12,
        stringprep.in_table_c21_c22,
        stringprep.in_table_c3,
        stringprep.in_table_c4,
        stringprep.in_table_c5,
        stringprep.in_table_c6,
        stringprep.in_table_c7,
        stringprep.in_table_c8,
        stringprep.in_table_c9,
    )
    if not normal or any(table(c) for c in normal for table in prohibited):
        return password.encode()
    right = [stringprep.in_table_d1(c) for c in normal]
    if any(right) and (
        any(stringprep.in_table_d2(c) for c in normal) or not (right[0] and right[-1])
    ):
        return password.encode()
    return normal.encode()


def _logs_in(to: Where, role: str, secret: Secret, *, fresh: bool) -> bool | None:
    """None: the server let anybody in, or did not ask this role for a password."""
    database = MAINTENANCE if fresh else to.database
    refused, asked = _refusal(to, role, secret, database)
    if refused is None:
        return True if asked else None
    if not asked:
        return None
    # The server's message is in its own language, and the driver does not tell the SQLSTATE. Only
    # a wrong password is answered in the same way as one that nobody has; a right one may be
    # refused for another reason, such as no CONNECT.
    nobodys = Secret(secrets.token_urlsafe())
    return refused != _refusal(to, role, nobodys, database)[0]


def _refusal(to: Where, role: str, secret: Secret, database: str) -> tuple[str | None, bool]:
    """Why the login failed, if it did; and whether a password was asked for."""
    import psycopg

    parameters = {
        **to.parameters,
        "dbname": database,
        "user": role,
        "password": secret.reveal(),
        "connect_timeout": 5,
        "application_name": "chirodb",
    }
    parameters.pop("passfile", None)
    try:
        connection = psycopg.connect("", **parameters)
    except psycopg.OperationalError as error:
        return str(error), error.pgconn is not None and bool(error.pgconn.used_password)
    with connection:
        return None, bool(connection.pgconn.used_password)
