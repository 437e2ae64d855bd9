"""Trying a backup: a full read, or a drill, whose result is kept beside it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from chiro_db.backup import archive
from chiro_db.backup.client import Client
from chiro_db.backup.fetch import fetched
from chiro_db.backup.inventory import DRILLED, VERIFIED, Copy, Proof
from chiro_db.backup.restore import Advance, Restored, Source, Watch, restore
from chiro_db.errors import ChirodbError
from chiro_db.sql import Name

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection


@dataclass(frozen=True)
class Verified:
    """What came of one copy of a backup."""

    service: str
    id: str
    store: str
    proof: Proof
    depth: str  # `drill`, `read`, or `checksums` of what could not be decrypted
    left_out: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()  # what bodies of functions name, and a drill did not find
    unkept: str | None = None  # why the store did not take the result


def verify(
    copy: Copy,
    service: str,
    backup: str,
    client: Client,
    keys: Sequence[Any],
    watch: Watch = lambda _: None,
) -> Verified:
    """Checksums and a full read by pg_restore; of an encrypted one without identity checksums."""
    began = time.monotonic()
    problem, depth = None, "read"
    try:
        with fetched(copy) as (folder, made):
            if made.encrypted and not keys:
                depth = "checksums"
            else:
                source = Source(folder, made, client, keys)
                source.prerequisites()
                advance = Advance(sum(made.rows.values()))

                def seen(table: str, rows: int, read: int) -> None:
                    advance.saw(table, rows, read)
                    watch(advance)

                if archive.counted(source.archive, client, seen) != dict(made.rows):
                    problem = "it holds other rows than its manifest says"
    except ChirodbError as error:
        problem = error.message
    return _kept(copy, service, backup, VERIFIED, began, problem, depth)


def drill(
    copy: Copy,
    service: str,
    backup: str,
    client: Client,
    keys: Sequence[Any],
    connection: Connection,
    watch: Watch = lambda _: None,
) -> Verified:
    """Restored alone, into a new database of a server that nobody needs; the rows are counted."""
    began = time.monotonic()
    problem, done = None, Restored(0)
    try:
        with fetched(copy) as (folder, made):
            source = Source(folder, made, client, keys)
            with connection.transaction():
                done = restore(connection, source, tablespaces=False, watch=watch)
            wrong = _compared(connection, source)
            if wrong:
                problem = f"other rows than in the manifest: {', '.join(wrong)}"
    except ChirodbError as error:
        problem = error.message
    found = _kept(copy, service, backup, DRILLED, began, problem, "drill")
    return replace(found, left_out=done.left_out, lacking=done.lacking)


def _compared(connection: Connection, source: Source) -> list[str]:
    """Tables whose rows the server counts otherwise."""
    made = source.manifest
    wrong = []
    for table, expected in made.rows.items():
        query = f"SELECT pg_catalog.count(*) FROM ONLY {Name(made.schema, table)}"
        row = connection.execute(query.encode()).fetchone()
        if row is None or row[0] != expected:
            wrong.append(f"{table} has {row[0] if row else 'none'}, not {expected}")
    return wrong


def _kept(
    copy: Copy,
    service: str,
    backup: str,
    name: str,
    began: float,
    problem: str | None,
    depth: str,
) -> Verified:
    seconds = round(time.monotonic() - began, 3)
    proof = Proof(datetime.now(UTC), problem is None, problem, seconds)
    unkept = None
    if depth != "checksums" or problem is not None:  # a full read says more, and stays
        try:
            copy.store.note(service, backup, name, proof.dumps())
        except ChirodbError as error:  # one that nobody may change is worth a look all the same
            unkept = error.message
    return Verified(service, backup, copy.store.where, proof, depth, unkept=unkept)
