"""A restore by several connections: rows side by side, each table's in a transaction of its own.

The schema is not seen half made by anybody but its owner: privileges come last, with the
transaction of the caller. Until then a comment on it says what it is.
"""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from chiro_db.backup import place, sending
from chiro_db.backup.restore import Advance, Restored, Source, Watch, begin, finish
from chiro_db.catalog.connect import Where, connected
from chiro_db.errors import ChirodbError

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection

_TICK = 0.2  # seconds between two looks at the progress
_ROWS = re.compile(r"(\d+); \d+ \d+ TABLE DATA ")
_OF_SCHEMA = re.compile(r"\d+; \d+ \d+ (COMMENT|SECURITY LABEL) - SCHEMA ")


@dataclass
class Several:
    """The connections of one restore, and whether there is something to take back."""

    to: Where
    jobs: int
    lock_timeout: float
    began: str | None = None  # the schema that is there by now
    stopped: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Of a connection of its own; committed at the end."""
        with connected(self.to) as connection, place.writing(connection):
            connection.execute(
                f"SET LOCAL lock_timeout = {int(self.lock_timeout * 1000)};"
                " SET LOCAL search_path = ''".encode()
            )
            yield connection


@contextmanager
def several(to: Where, jobs: int, lock_timeout: float) -> Iterator[Several]:
    """Around the caller's transaction: what was committed beside it goes if that one fails."""
    found = Several(to, jobs, lock_timeout)
    try:
        yield found
    except BaseException as failed:  # Ctrl-C too
        if found.began is not None:
            _take_back(found, found.began, failed)
        raise


def _take_back(crew: Several, schema: str, failed: BaseException) -> None:
    """Only what says of itself that it is half made."""
    try:
        with crew.transaction() as connection:
            if place.is_unfinished(connection, schema):
                place.drop(connection, schema)
    except ChirodbError as error:
        raise ChirodbError(
            f"the restore failed, and left the schema `{schema}` half made: {error.message}",
            hint="restore with --replace when the server can be reached again",
        ) from failed


def restore(
    connection: Connection,
    source: Source,
    crew: Several,
    *,
    under: str | None = None,
    watch: Watch = lambda _: None,
) -> Restored:
    """Where there is no schema of that name; the last part in the transaction that is open."""
    made = source.manifest
    advance = Advance(sum(made.rows.values()), doing="definitions")
    watch(advance)
    connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    if connection.info.server_version >= 170000:
        connection.execute("SET LOCAL transaction_timeout = 0")
    place.make_room(connection, made.schema, replace=False, under=under)
    with tempfile.TemporaryDirectory(prefix="chirodb-") as temp:
        with crew.transaction() as first:
            begun = begin(first, source, Path(temp))
            comment = place.mark(first, made.schema)
            crew.began = made.schema
        lists = _shared(source, begun.chosen.rest, Path(temp), crew.jobs)
        options = tuple(o for o in begun.options if not o.startswith("--use-list="))
        rows = _side_by_side(source, crew, lists, options, advance, watch)
        advance.doing = "indexes and constraints"
        watch(advance)
        done = finish(connection, source, begun, rows)
        if place.is_unfinished(connection, made.schema):  # else pg_restore has said its own
            place.unmark(connection, made.schema, comment)
        if under is not None:
            place.rename(connection, made.schema, under)
        advance.doing = "privileges"
        watch(advance)
        return done


def _shared(source: Source, rest: Path, temp: Path, jobs: int) -> list[Path]:
    """Lists of entries with about as many bytes of rows each, and one of what else is data."""
    sizes = {
        re.sub(r"^archive/(\d+)\.dat.*", r"\1", name): int(file["size"])
        for name, file in source.manifest.files.items()
    }
    shares: list[tuple[int, list[str]]] = [(0, []) for _ in range(jobs)]
    lines = rest.read_text(encoding="utf-8").split("\n")
    entries = [(sizes.get(m[1], 0), line) for line in lines if (m := _ROWS.match(line))]
    # of no section, so that pg_restore takes it for data, too: it would take the mark away
    others = [line for line in lines if line and not (_ROWS.match(line) or _OF_SCHEMA.match(line))]
    for size, line in sorted(entries, reverse=True):
        taken, share = shares[0]
        shares[0] = (taken + size, [*share, line])
        shares.sort(key=lambda given: given[0])
    paths = []
    for number, share in enumerate([*(share for _, share in shares if share), others]):
        path = temp / f"share {number}"
        path.write_text("\n".join(share) + "\n", encoding="utf-8")
        paths.append(path)
    return paths


def _side_by_side(
    source: Source,
    crew: Several,
    lists: list[Path],
    options: tuple[str, ...],
    advance: Advance,
    watch: Watch,
) -> dict[str, int]:
    lock = threading.Lock()

    def sent(table: str, rows: int, read: int) -> None:
        if crew.stopped.is_set():
            raise ChirodbError("interrupted")
        with lock:
            advance.saw(table, rows, read)

    def one(path: Path) -> Mapping[str, int]:
        with crew.transaction() as connection:
            given = (*options, f"--use-list={path}")
            return sending.rows(connection, source.archive, source.client, given, sent)

    counts: dict[str, int] = {}
    with ThreadPoolExecutor(crew.jobs) as pool:
        waiting: set[Future[Mapping[str, int]]] = {pool.submit(one, path) for path in lists}
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=_TICK, return_when=FIRST_EXCEPTION)
                for future in done:
                    for table, count in future.result().items():
                        counts[table] = counts.get(table, 0) + count
                watch(advance)
        except BaseException:  # Ctrl-C too
            crew.stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return counts
