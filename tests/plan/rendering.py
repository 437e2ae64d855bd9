"""A spec as a script, run by psql."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import yaml

from chiro_db.apply.planning import Job
from chiro_db.apply.planning import plan as make
from chiro_db.catalog.connect import where
from chiro_db.plan.render import render
from chiro_db.spec.load import load
from tests.case import DAY
from tests.effects import PASSWORD, give_password
from tests.psql import psql
from tests.servers import Database


class Trial:
    """A spec and the script made of it, for one database and role."""

    def __init__(
        self,
        database: Database,
        spec: dict[str, Any],
        folder: Path,
        user: str | None = None,
        today: date = DAY,
    ) -> None:
        spec = {"version": 1, **spec}
        spec["database"] = {"name": database.name, **spec.get("database", {})}
        file = folder / "spec.yaml"
        file.write_text(yaml.safe_dump(spec, sort_keys=False, allow_unicode=True), encoding="utf-8")
        self.database, self.today = database, today
        self.loaded = load(file, today)
        self.conninfo = database.conninfo
        if user is not None:
            give_password(database, user)
            self.conninfo = database.server.conninfo_of(database.name, user=user, password=PASSWORD)
        self.script = render(self.loaded.spec, today)

    def run(self) -> str:
        """The script twice; what it said to the user, which is the same both times."""
        said = [psql(self.conninfo, self.script) for _ in range(2)]
        assert [(s.returncode, s.stdout) for s in said] == [(0, "")] * 2, said[0].stderr
        first, second = (_notices(s.stderr) for s in said)
        assert first == second
        return first

    def refused(self) -> str:
        before = everything(self.database)
        said = psql(self.conninfo, self.script)
        assert said.returncode == 3
        assert everything(self.database) == before
        return said.stderr

    def left(self) -> list[str]:
        """What a plan would still do; passwords are not the script's."""
        job = Job(self.loaded, where(self.conninfo, self.database.name), today=self.today)
        return [change.summary for change in make(job).changes]


def _notices(stderr: str) -> str:
    return "\n".join(line.partition("NOTICE:  ")[2] for line in stderr.splitlines())


def everything(database: Database) -> list[tuple[Any, ...]]:
    """Each row of the catalogs that a script may touch, with the transaction that wrote it."""
    tables = (
        *("pg_authid", "pg_auth_members", "pg_database", "pg_db_role_setting", "pg_namespace"),
        *("pg_class", "pg_proc", "pg_type", "pg_attribute", "pg_default_acl", "pg_extension"),
    )
    with database.connect() as connection:
        found: list[tuple[Any, ...]] = []
        for table in tables:
            # temporary schemas come with the first session that needs one
            without = "WHERE nspname !~ '^pg_' " if table == "pg_namespace" else ""
            if table in ("pg_class", "pg_type"):
                column = "relnamespace" if table == "pg_class" else "typnamespace"
                without = f"WHERE {column}::regnamespace::text !~ '^pg_' "
            if table == "pg_attribute":
                without = "WHERE attacl IS NOT NULL "
            query = f"SELECT '{table}', xmin::text, ctid::text FROM {table} {without}ORDER BY 2, 3"
            found += connection.execute(query.encode()).fetchall()
        return found


def run(database: Database, script: str) -> None:
    """As the superuser."""
    if script:
        with database.connect() as connection:
            connection.execute(script.encode())
