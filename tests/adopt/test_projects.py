"""Databases that nobody made for this: schemas of real programs, with the grants of their own."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from psycopg import sql

from tests.adopt.trip import inspected, left, planned
from tests.fetched import fetched
from tests.psql import psql
from tests.servers import Database

_SCHEMAS = {
    "bacula": "usr/share/dbconfig-common/data/bacula-director-pgsql/install/pgsql",
    "icinga": "usr/share/icinga2-ido-pgsql/schema/pgsql.sql",
    "kea": "usr/share/kea/scripts/pgsql/dhcpdb_create.pgsql",
    "pdns": "usr/share/pdns-backend-pgsql/schema/schema.pgsql.sql",
}
_GRANTS = "usr/share/bacula-director/grant_postgresql_privileges"
# What an administrator has done since, more or less well.
_SINCE = """
CREATE ROLE reports; CREATE ROLE jane LOGIN IN ROLE reports; CREATE ROLE kea_app LOGIN;
CREATE ROLE pdns_web LOGIN CONNECTION LIMIT 5; CREATE ROLE ops LOGIN;
GRANT USAGE ON SCHEMA icinga, kea TO reports;
GRANT SELECT ON ALL TABLES IN SCHEMA icinga, kea TO reports;
ALTER DEFAULT PRIVILEGES FOR ROLE icinga IN SCHEMA icinga GRANT SELECT ON TABLES TO reports;
GRANT USAGE ON SCHEMA kea TO kea_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA kea TO kea_app;
GRANT ALL ON ALL SEQUENCES IN SCHEMA kea TO kea_app;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA kea TO kea_app;
ALTER DEFAULT PRIVILEGES FOR ROLE kea IN SCHEMA kea
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO kea_app;
ALTER DEFAULT PRIVILEGES FOR ROLE kea IN SCHEMA kea GRANT ALL ON SEQUENCES TO kea_app;
ALTER DEFAULT PRIVILEGES FOR ROLE kea IN SCHEMA kea GRANT ALL ON FUNCTIONS TO kea_app;
GRANT USAGE ON SCHEMA pdns TO pdns_web; GRANT SELECT ON pdns.domains, pdns.records TO pdns_web;
GRANT UPDATE (content, ttl) ON pdns.records TO pdns_web WITH GRANT OPTION;
ALTER ROLE pdns_web SET search_path = pdns; GRANT SELECT ON pdns.domains TO PUBLIC;
GRANT CREATE, USAGE ON SCHEMA icinga TO ops;
SET ROLE ops; CREATE TABLE icinga.downtime_notes (id int); RESET ROLE;
GRANT SELECT ON icinga.downtime_notes TO reports;
ALTER DEFAULT PRIVILEGES FOR ROLE ops IN SCHEMA icinga GRANT SELECT ON TABLES TO reports
"""


@pytest.fixture(scope="module")
def programs() -> Path:
    return fetched("schemas")


def _load(database: Database, script: str, before: str = "") -> None:
    done = psql(database.conninfo, f"SET client_min_messages = warning;\n{before}\n{script}")
    assert done.returncode == 0, done.stderr


def _is_said(database: Database, folder: Path) -> str:
    found = inspected(database.conninfo)
    written = "".join(found.files.values())
    assert found.unsaid == (), written
    today = datetime.now(UTC).date()
    assert left(planned(database.conninfo, found, folder, today)) == []
    apart = inspected(database.conninfo, splitting=True)
    assert left(planned(database.conninfo, apart, folder, today)) == []
    return written


@pytest.mark.parametrize("name", _SCHEMAS)
def test_a_program_in_the_schema_public(
    name: str, programs: Path, database: Database, tmp_path: Path
) -> None:
    _load(database, (programs / _SCHEMAS[name]).read_text(encoding="utf-8"))
    written = _is_said(database, tmp_path)
    assert len(written.splitlines()) < 40
    assert "owner: pg_database_owner" in written


def test_the_grants_of_bacula(programs: Path, database: Database, tmp_path: Path) -> None:
    _load(database, (programs / _SCHEMAS["bacula"]).read_text(encoding="utf-8"))
    grants = (programs / _GRANTS).read_text(encoding="utf-8")
    script = re.search(r"<<END-OF-DATA\n(.*)END-OF-DATA", grants, flags=re.S)
    assert script is not None
    filled = {"${db_user}": "bacula", "${db_name}": database.name, "${pass}": ""}
    text = script[1]
    for variable, value in filled.items():
        text = text.replace(variable, value)
    _load(database, text)
    written = _is_said(database, tmp_path)
    assert "to: bacula" in written


def test_four_programs_in_one_database(programs: Path, database: Database, tmp_path: Path) -> None:
    with database.connect() as connection:
        for name in _SCHEMAS:
            role = sql.Identifier(name)
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
            connection.execute(sql.SQL("CREATE SCHEMA {0} AUTHORIZATION {0}").format(role))
    for name, path in _SCHEMAS.items():
        script = (programs / path).read_text(encoding="utf-8")
        _load(database, script, f"SET ROLE {name}; SET search_path = {name};")
    _load(database, _SINCE)
    written = _is_said(database, tmp_path)
    for line in (
        "app: kea_app",
        "- {to: pdns_web, level: read, tables: [domains, records]}",
        "columns: {records: [content, ttl]}",
        "creators: [ops]  # not icinga's: ops owns 1 here",
        "- {to: reports, privileges: [USAGE, SELECT], on: [schema, tables]}",
    ):
        assert line in written, written
    assert len(written.splitlines()) < 90
