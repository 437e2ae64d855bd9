"""Tables that make a service slow: without an index, bloated, or never in the cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from chiro_db.observe.finding import Result, Thresholds, found, ok
from chiro_db.resources import text
from chiro_db.sql import Listed, Name

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection

Rows = Sequence[tuple[Any, ...]]


def tables(
    connection: Connection, schemas: dict[str, str], limits: Thresholds
) -> dict[str, list[Result]]:
    """By service; `schemas` are the services' by schema. Two queries, however many there are."""
    values = {"schemas": list(schemas), "large": limits.large, "read": limits.read}
    measured = connection.execute(
        text("sql_templates/observe/tables.sql").encode(), values
    ).fetchall()
    indexes = connection.execute(
        text("sql_templates/observe/indexes.sql").encode(), values
    ).fetchall()
    return {
        service: [
            *(list(_indexes(service, _of(indexes, schema), _of(measured, schema), limits))
              or [ok(service, "indexes", "none is missing, as far as the statistics tell")]),
            *(list(_cache(service, _of(measured, schema), limits))
              or [ok(service, "cache", "what is read often is in shared buffers")]),
            *(list(_bloat(service, _of(measured, schema), limits))
              or [ok(service, "bloat", "few rows are dead")]),
        ]
        for schema, service in schemas.items()
    }  # fmt: skip


def _of(rows: Rows, schema: str) -> Rows:
    return [row for row in rows if row[0] == schema]


def _indexes(service: str, indexes: Rows, measured: Rows, limits: Thresholds) -> Iterator[Result]:
    for schema, table, name, columns in indexes:
        if columns:
            on = f"{Name(schema, table)} ({Listed(Name(column) for column in columns)})"
            what = f"no index serves the foreign key {Name(name)} of {Name(schema, table)}"
            mend = f"CREATE INDEX CONCURRENTLY ON {on}"
            said = "each DELETE or UPDATE of the referenced row reads the whole table"
        else:
            what = f"the index {Name(schema, name)} is not valid: it costs and serves nobody"
            mend = f"REINDEX INDEX CONCURRENTLY {Name(schema, name)}"
            said = "pg_index.indisvalid is false, as a failed CREATE INDEX CONCURRENTLY leaves it"
        yield found(service, "indexes", what, said, mend=mend)
    for schema, name, live, _, scans, scanned, index_scans, *_ in measured:
        if live >= limits.large and scans >= limits.scans and scanned >= scans * live // 2:
            if index_scans > scans:
                continue
            yield found(
                service,
                "indexes",
                f"{Name(schema, name)} is read from end to end again and again",
                f"{scans:,} sequential scans of {live:,} rows, {index_scans:,} by an index",
                mend=f"chirodb slow --service {service} --by io --explain shows the statements;"
                " then CREATE INDEX CONCURRENTLY for their conditions",
            )


def _cache(service: str, measured: Rows, limits: Thresholds) -> Iterator[Result]:
    hit, read = (sum(row[i] for row in measured) for i in (7, 8))
    if read >= limits.read and hit < limits.cached * (hit + read):
        worst = sorted(measured, key=lambda row: -row[8])[:3]
        yield found(
            service,
            "cache",
            f"only {100 * hit / (hit + read):.0f}% of the blocks were in shared buffers",
            *(f"{Name(row[0], row[1])}: {row[8]:,} blocks read" for row in worst),
            mend="raise shared_buffers (a quarter of the memory), or read less: "
            f"chirodb slow --service {service} --by io",
        )


def _bloat(service: str, measured: Rows, limits: Thresholds) -> Iterator[Result]:
    for schema, name, live, dead, *_, vacuumed in measured:
        if dead >= limits.large * limits.dead and dead >= limits.dead * (live + dead):
            yield found(
                service,
                "bloat",
                f"{100 * dead / (live + dead):.0f}% of the rows of {Name(schema, name)} are dead",
                f"{dead:,} dead, {live:,} live, last VACUUM: {vacuumed or 'never'}",
                mend=f"VACUUM (ANALYZE) {Name(schema, name)}; where that does not help, an old"
                " transaction or a replication slot keeps them",
            )
