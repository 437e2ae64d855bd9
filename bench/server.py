"""A private cluster for one workload, with a database to copy for each first apply."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from chiro_db.embedded import Cluster

DATABASE = "bench"
_BUILT = "bench_built"  # the state before the first apply
# Nothing waits for the disk, and nothing runs beside: floors and subjects alike.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_locks_per_transaction": "4096",
    "shared_buffers": "512MB",
    "max_wal_size": "8GB",
}


@dataclass(frozen=True)
class Server:
    """A superuser's conninfo, and what a workload's database is made from."""

    conninfo: str  # without a database

    @property
    def variables(self) -> dict[str, str]:
        """The same for libpq's clients, which find nothing of it in their arguments."""
        parts = conninfo_to_dict(self.conninfo)
        names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "passfile": "PGPASSFILE"}
        return {names[key]: str(parts[key]) for key in names if key in parts} | {
            "PGDATABASE": DATABASE
        }

    def run(self, script: str, database: str = DATABASE) -> None:
        """Statement by statement where a transaction is not allowed."""
        with psycopg.connect(self.conninfo, dbname=database, autocommit=True) as connection:
            connection.execute(script.encode())

    def ask(self, query: LiteralString, database: str = DATABASE) -> list[tuple[object, ...]]:
        with psycopg.connect(self.conninfo, dbname=database) as connection:
            return connection.execute(query).fetchall()

    def build(self, script: str) -> None:
        """The state before the first apply, from `script`."""
        self.run(f"CREATE DATABASE {_BUILT} TEMPLATE template0", "postgres")
        with psycopg.connect(self.conninfo, dbname=_BUILT, autocommit=True) as connection:
            for part in script.split("\n--\n"):  # a transaction each
                connection.execute(part.encode())
            connection.execute("VACUUM ANALYZE")
        self.run("CREATE TABLE built AS SELECT oid FROM pg_roles", "postgres")
        self.reset()

    def reset(self) -> None:
        """The database as it was before the first apply; roles that came later are dropped."""
        with psycopg.connect(self.conninfo, dbname="postgres", autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
            later = connection.execute(
                "SELECT rolname FROM pg_roles WHERE oid NOT IN (SELECT oid FROM built)"
            ).fetchall()
            names = [sql.Identifier(name) for (name,) in later]
            if names:
                connection.execute(sql.SQL("DROP ROLE {}").format(sql.SQL(", ").join(names)))
            connection.execute("VACUUM pg_authid, pg_auth_members, pg_shdepend, pg_db_role_setting")
            connection.execute(f"CREATE DATABASE {DATABASE} TEMPLATE {_BUILT} STRATEGY file_copy")


@contextmanager
def cluster() -> Iterator[Server]:
    """A fresh one, deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="chirodb-bench-") as folder:
        Path(folder).chmod(0o711)  # root's server runs as another account
        made = Cluster(Path(folder, "cluster"))
        try:
            server = Server(made.start())
            for name, value in SETTINGS.items():
                server.run(f"ALTER SYSTEM SET {name} = '{value}'", "postgres")
            made.stop()
            yield Server(make_conninfo(made.start()))
        finally:
            made.reset()
