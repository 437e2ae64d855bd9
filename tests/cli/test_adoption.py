"""docs/adopt.md, step by step: nothing is taken from anyone until `enforce: additive` goes."""

from __future__ import annotations

from pathlib import Path

from tests.cli.running import Ran, chirodb
from tests.servers import Database

_BEFORE = """
CREATE ROLE {0}_sales LOGIN; CREATE ROLE {0}_bi LOGIN; CREATE SCHEMA sales AUTHORIZATION {0}_sales;
SET ROLE {0}_sales; CREATE TABLE sales.customer (id int); CREATE TABLE sales.visit (id int);
RESET ROLE; GRANT USAGE ON SCHEMA sales TO {0}_bi;
GRANT SELECT ON ALL TABLES IN SCHEMA sales TO {0}_bi
"""
_BY_HAND = """
GRANT DELETE ON sales.customer TO {0}_bi; ALTER ROLE {0}_bi CREATEDB;
ALTER DEFAULT PRIVILEGES FOR ROLE {0}_sales GRANT SELECT ON TABLES TO PUBLIC
"""
_HELD = "SELECT has_table_privilege(%s, 'sales.customer', 'DELETE')"


def test_an_afternoon(database: Database, tmp_path: Path) -> None:
    def run(*arguments: str) -> Ran:
        return chirodb(*arguments, cwd=tmp_path, env={"CHIRODB_URL": database.conninfo})

    def do(script: str) -> None:
        with database.connect() as connection:
            connection.execute(script.format(database.name).encode())

    def may_delete() -> bool:
        with database.connect() as connection:
            row = connection.execute(_HELD, [f"{database.name}_bi"]).fetchone()
        return row == (True,)

    spec = tmp_path / "chirodb.yaml"
    do(_BEFORE)
    assert run("inspect", "--out", spec.name).code == 0
    assert run("validate").code == 0
    assert run("plan", "--exit-code").code == 0
    exact = spec.read_text()
    spec.write_text(exact.replace("version: 1\n", "version: 1\nenforce: additive\n"))
    do(_BY_HAND)
    drift = run("drift")
    assert drift.code == 0, drift.out
    for extra in (
        f"DELETE on table sales.customer held by {database.name}_bi",
        f"role {database.name}_bi: createdb is on, declared off",
        f"SELECT on future tables of {database.name}_sales held by PUBLIC",
    ):
        assert extra in drift.out, drift.out
    assert run("plan", "--exit-code").code == 0
    do(f"REVOKE SELECT ON sales.visit FROM {database.name}_bi")
    assert run("drift").code == 2
    applied = run("apply", "--yes")
    assert applied.code == 0, applied.err
    assert may_delete()
    assert run("drift").code == 0
    spec.write_text(exact)
    assert run("drift").code == 2
    assert run("apply", "--yes").code == 0
    assert not may_delete()
    assert run("drift").code == 0
