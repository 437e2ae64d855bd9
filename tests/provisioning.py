"""Plans and applies specs to the database of a test, in process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from chiro_db.apply.planning import Job
from chiro_db.apply.planning import plan as make
from chiro_db.apply.run import apply as carry_out
from chiro_db.catalog.connect import where
from chiro_db.errors import SpecError
from chiro_db.model.plan import Plan
from chiro_db.model.secret import Secret
from chiro_db.spec.load import load
from tests.servers import Database

LOCK_TIMEOUT = 5.0
ADMIN_PASSWORD = "admin's own"


@dataclass
class Provisioning:
    """What chirodb does to one database, connected as one role."""

    folder: Path
    database: Database
    conninfo: str
    name: str  # of the database; need not exist
    secrets: Mapping[str, str] = field(default_factory=dict)  # by role
    services: frozenset[str] = frozenset()
    today: date | None = None

    def job(self, spec: str | Path) -> Job:
        """The spec without `version` and the name of the database, or a path to a whole one."""
        path = spec if isinstance(spec, Path) else self.folder / "spec.yaml"
        if isinstance(spec, str):
            body = dedent(spec)
            if "\ndatabase:" not in "\n" + body:
                body += f"\ndatabase: {{name: {self.name}}}\n"
            content = f"version: 1\n{body.replace('DATABASE', self.name)}"
            if not path.exists() or path.read_text() != content:  # two threads may read it
                path.write_text(content)
        loaded = load(path, self.today)
        values: dict[str, Any] = {"today": self.today} if self.today else {}
        return Job(
            loaded,
            where(self.conninfo, loaded.spec.database.name),
            only=self.services,
            secrets={role: Secret(value) for role, value in self.secrets.items()},
            **values,
        )

    def plan(self, spec: str | Path, *, for_saving: bool = False) -> Plan:
        return make(self.job(spec), for_saving=for_saving)

    def run(self, spec: str | Path, shown: Plan | None = None) -> Plan:
        """Apply what is not blocked."""
        job = self.job(spec)
        return carry_out(job, shown or make(job), lock_timeout=LOCK_TIMEOUT)

    def apply(self, spec: str | Path) -> Plan:
        """Apply, and find that the second plan has nothing to do."""
        job = self.job(spec)
        shown = make(job)
        done = carry_out(job, shown, lock_timeout=LOCK_TIMEOUT) if shown.runnable else shown
        assert summaries(make(job)) == [c.summary for c in shown.blocked]
        return done

    def refused(self, spec: str) -> list[str]:
        """The lines of the spec that the server cannot fulfil, and why."""
        with pytest.raises(SpecError) as caught:
            self.plan(spec)
        return [
            f"{found.place.line if found.place else 0}: {found.message}"
            for found in caught.value.diagnostics
        ]

    def connected_as(self, user: str, password: str | None = None) -> Provisioning:
        """The same for another role."""
        parameters = {"user": user, **({"password": password} if password else {})}
        return replace(self, conninfo=make_conninfo(self.conninfo, **parameters))

    def query(self, text: str, *values: Any) -> list[tuple[Any, ...]]:
        """As the superuser, in the database."""
        with self.database.server.connect(self.name) as connection:
            cursor = connection.execute(text.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, text: str, *values: Any) -> Any:
        return self.query(text, *values)[0][0]


def summaries(plan: Plan) -> list[str]:
    return [change.summary for change in plan.changes]


def statements(plan: Plan) -> list[str]:
    return [statement.shown for statement in plan.statements]


@pytest.fixture
def provision(tmp_path: Path, database: Database) -> Provisioning:
    """As the superuser, in a new and empty database."""
    conninfo = {k: v for k, v in conninfo_to_dict(database.conninfo).items() if k != "dbname"}
    return Provisioning(tmp_path, database, make_conninfo("", **conninfo), database.name)


def administrator(provision: Provisioning, name: str = "ordinary admin") -> Provisioning:
    """As a role that may make roles and databases, and owns the test's database."""
    quoted = '"' + name.replace('"', '""') + '"'
    password = ADMIN_PASSWORD.replace("'", "''")
    provision.query(f"CREATE ROLE {quoted} LOGIN CREATEROLE CREATEDB PASSWORD '{password}'")
    provision.query(f'ALTER DATABASE "{provision.name}" OWNER TO {quoted}')
    return provision.connected_as(name, ADMIN_PASSWORD)
