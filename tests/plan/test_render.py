"""A rendered script, run by psql twice, leaves nothing for a plan to do."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml

from chiro_db.apply.transaction import LOCK
from chiro_db.plan.render import render
from chiro_db.resources import folder
from chiro_db.spec.load import load
from tests.case import DAY, Case, read_all
from tests.effects import wrong
from tests.plan.rendering import Trial, everything, run
from tests.psql import psql
from tests.servers import Database

HERE = Path(__file__).parent / "render"
DRIFT = (HERE / "drift.sql").read_text(encoding="utf-8")
SPEC = yaml.safe_load((HERE / "spec.yaml").read_text(encoding="utf-8"))
MISSING = [
    {"to": "bi", "privileges": "SELECT", "tables": ["nothere", "*zzz"]},
    {"to": "bi", "privileges": "EXECUTE", "functions": ["nof(x)"]},
    {"to": "bi", "privileges": "SELECT", "columns": {"t1": ["nocol"]}},
]
NAMES = (
    "PUBLIC",
    "Upper case",
    "select",
    """it's "quoted\"""",
    "a.b",
    ":name :'name' :\"name\" ::text",
    "back\\slash \\q \\! ls",
    "$chirodb$ $$ ; -- /*",
    "line\nbreak",
    "größe 😀",
    "%s %(x)s {{ x }}",
    "a*?[b]",
)
ENTRIES = """
SELECT c.oid::regclass::text, '' AS part, pg_get_userbyid(e.grantee)::text, e.privilege_type,
       e.is_grantable
FROM pg_class c, aclexplode(c.relacl) e WHERE c.relnamespace::regnamespace::text = 'shop'
UNION ALL
SELECT a.attrelid::regclass::text, a.attname, pg_get_userbyid(e.grantee), e.privilege_type,
       e.is_grantable
FROM pg_attribute a, aclexplode(a.attacl) e, pg_class c
WHERE c.oid = a.attrelid AND c.relnamespace::regnamespace::text = 'shop'
UNION ALL
SELECT n.nspname, '', pg_get_userbyid(e.grantee), e.privilege_type, e.is_grantable
FROM pg_namespace n, aclexplode(n.nspacl) e WHERE n.nspname IN ('shop', 'public')
UNION ALL
SELECT d.datname, '', pg_get_userbyid(e.grantee), e.privilege_type, e.is_grantable
FROM pg_database d, aclexplode(d.datacl) e WHERE d.datname = current_database()
"""


def _cases() -> list[Any]:
    return [
        pytest.param(case, id=f"{Path(case.file).stem}-{case.slug}")
        for case in read_all()
        if not (case.blocked or case.error or case.services)
    ]


@pytest.mark.parametrize("case", _cases())
def test_what_apply_does_a_script_does(case: Case, database: Database, tmp_path: Path) -> None:
    if not case.fits(database.server.version):
        pytest.skip(f"for servers {case.servers}")
    case = case.filled(database.name, database.server.version // 10000)
    spec: dict[str, Any] = {}
    for step in (case, *case.later):
        if step.blocked or step.error or step.services:
            return
        spec = step.spec if step.spec is not None else spec
        run(database, step.given)
        trial = Trial(database, spec, tmp_path, case.connect_as, step.today)
        trial.run()
        assert trial.left() == []
        answers = [wrong(database, effect) for effect in step.effects]
        assert [answer for answer in answers if answer is not None] == []
    if case.drift:
        run(database, case.drift)
        trial.run()
        assert trial.left() == []


def test_chiro_erp_in_a_fresh_database(database: Database, tmp_path: Path) -> None:
    spec: dict[str, Any] = {}
    for file in sorted(folder("schema_specs").rglob("*.yaml")):
        for key, value in yaml.safe_load(file.read_text(encoding="utf-8")).items():
            spec[key] = {**spec.get(key, {}), **value} if isinstance(value, dict) else value
    spec["database"]["name"] = database.name
    trial = Trial(database, spec, tmp_path)
    assert trial.run() == ""
    assert trial.left() == []


@pytest.mark.parametrize("enforce", ["exact", "additive"])
def test_a_database_with_objects_and_drift(
    enforce: str, database: Database, tmp_path: Path
) -> None:
    run(database, DRIFT)
    shop = SPEC["services"]["shop"]
    services = {**SPEC["services"], "shop": {**shop, "grants": [*shop["grants"], *MISSING]}}
    before = _entries(database)
    with database.connect() as connection:
        superuser = connection.info.user
    said = Trial(database, {**SPEC, "services": services, "enforce": enforce}, tmp_path).run()
    assert said.splitlines() == [
        "there is no table nothere in schema shop; skipped",
        "there is no table *zzz in schema shop; skipped",
        "there is no function nof(x) in schema shop; skipped",
        "there is no column nocol in table shop.t1; skipped",
    ]
    assert Trial(database, {**SPEC, "enforce": enforce}, tmp_path).left() == []
    after = _entries(database)
    exempt = {entry for entry in before if entry[2] in ("super2", "rdsadmin", "ign\\x")}
    assert exempt
    assert exempt <= after
    if enforce == "exact":
        gone = ("stranger", "stranger2", "old_app", "old2")
        assert [entry for entry in after if entry[2] in gone] == []
    else:  # what they had as owners is the new owner's
        was_owner = ("stranger", "stranger2", "old_app", superuser, "pg_database_owner")
        assert {entry for entry in before if entry[2] not in was_owner} <= after
    with database.connect() as connection:
        left = connection.execute("SELECT FROM pg_roles WHERE rolname ~ '^old'").rowcount
        assert left == (0 if enforce == "exact" else 2)


def _entries(database: Database) -> set[tuple[Any, ...]]:
    """Who holds what in the schema, whoever granted it; entries of extensions apart."""
    with database.connect() as connection:
        return set(connection.execute(ENTRIES.encode()).fetchall())


def test_a_second_run_writes_nothing(database: Database, tmp_path: Path) -> None:
    run(database, DRIFT)
    trial = Trial(database, SPEC, tmp_path)
    assert psql(trial.conninfo, trial.script).returncode == 0
    before = everything(database)
    assert psql(trial.conninfo, trial.script).returncode == 0
    assert everything(database) == before


@pytest.mark.parametrize("name", NAMES)
def test_any_name_and_text(name: str, database: Database, tmp_path: Path) -> None:
    """psql sees no variable, no command and no end of a quotation in it."""
    quoted = name.replace('"', '""')
    run(
        database,
        f'CREATE SCHEMA "{quoted}"; CREATE TABLE "{quoted}"."{quoted}" ("{quoted}" int);'
        f'CREATE FUNCTION "{quoted}"."{quoted}"("{quoted}"."{quoted}") RETURNS int'
        " LANGUAGE sql AS 'SELECT 1'; SET client_min_messages TO warning",
    )
    service = {
        "schema": name,
        "owner": f"{name} o",
        "app": name,
        "purpose": name,
        "settings": {"application_name": name, "search_path": [name, "public"]},
        "grants": [
            {"to": f"{name} o2", "privileges": "SELECT", "tables": _literal(name)},
            {"to": f"{name} o2", "privileges": "SELECT", "columns": {_literal(name): [name]}},
        ],
    }
    roles = {f"{name} o2": {"comment": name, "settings": {"application_name": name}}}
    spec = {"database": {"comment": name}, "roles": roles, "services": {"s": service}}
    trial = Trial(database, spec, tmp_path)
    trial.run()
    assert trial.left() == []


def _literal(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def test_what_a_role_to_be_dropped_would_take_along(database: Database, tmp_path: Path) -> None:
    spec = {"roles": {"gone": {"state": "absent"}, "there": {}}}
    run(database, "CREATE ROLE gone; CREATE TABLE t (a int); ALTER TABLE t OWNER TO gone")
    assert "role gone cannot be dropped: it owns" in Trial(database, spec, tmp_path).refused()
    spec = {"roles": {"gone": {"state": "absent", "reassign_to": "there"}, "there": {}}}
    run(database, "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t TO gone")
    said = Trial(database, spec, tmp_path).refused()
    assert "role gone cannot be dropped: would be dropped with it" in said
    assert "policy p on table" in said
    run(database, "DROP POLICY p ON t")
    trial = Trial(database, spec, tmp_path)
    trial.run()
    assert trial.left() == []


def test_what_another_database_holds(database: Database, tmp_path: Path) -> None:
    other = f"{database.name}_other"
    run(database, "CREATE ROLE gone")
    run(database, f"CREATE DATABASE {other}")
    with database.server.connect(other) as connection:
        connection.execute("CREATE TABLE t (a int); ALTER TABLE t OWNER TO gone")
    spec = {"roles": {"gone": {"state": "absent", "reassign_to": "there"}, "there": {}}}
    said = Trial(database, spec, tmp_path).refused()
    assert "role gone cannot be dropped: it still holds elsewhere" in said
    assert other in said


def test_another_database_is_refused(database: Database, tmp_path: Path) -> None:
    spec = {"database": {"name": "another one"}, "services": {"a": {"schema": "a", "owner": "a"}}}
    said = Trial(database, spec, tmp_path).refused()
    assert f'this script is for the database "another one", not for {database.name}' in said


def test_an_ordinary_administrator(database: Database, tmp_path: Path) -> None:
    run(
        database,
        "CREATE ROLE adm LOGIN CREATEROLE CREATEDB; CREATE ROLE stray;"
        f"ALTER DATABASE {database.name} OWNER TO adm; REVOKE CREATE ON SCHEMA public FROM PUBLIC;"
        "GRANT stray TO adm WITH ADMIN OPTION",
    )
    service = {"schema": "s", "owner": "o", "app": "a", "reader": "r", "migrator": "m"}
    spec = {"services": {"s": service}}
    trial = Trial(database, spec, tmp_path, "adm")
    trial.run()
    assert trial.left() == []
    run(
        database,
        "SET ROLE o; CREATE TABLE s.t (a int); GRANT SELECT ON s.t TO PUBLIC;"
        "GRANT CREATE, USAGE ON SCHEMA s TO stray; SET ROLE stray; CREATE TABLE s.u (a int)",
    )
    trial.run()
    assert trial.left() == []


def test_what_the_administrator_may_not_change_is_named(database: Database, tmp_path: Path) -> None:
    """`public` belongs to somebody else, and lets everyone create in it."""
    run(
        database,
        "CREATE ROLE adm LOGIN CREATEROLE; CREATE ROLE other;"
        f"ALTER DATABASE {database.name} OWNER TO adm;"
        "ALTER SCHEMA public OWNER TO other; GRANT CREATE ON SCHEMA public TO PUBLIC",
    )
    said = Trial(database, {"roles": {"r": {}}}, tmp_path, "adm").refused()
    assert "REVOKE CREATE ON SCHEMA public FROM PUBLIC" in said


def test_maintain_needs_a_server_that_has_it(database: Database, tmp_path: Path) -> None:
    grant = {"to": "r", "privileges": ["MAINTAIN", "SELECT"], "on": "tables"}
    service = {"schema": "s", "owner": "o", "grants": [grant]}
    trial = Trial(database, {"roles": {"r": {}}, "services": {"s": service}}, tmp_path)
    if database.server.version >= 170000:
        trial.run()
        assert trial.left() == []
    else:
        assert "has no MAINTAIN; it came with 17" in trial.refused()


def test_the_comments_on_top(tmp_path: Path) -> None:
    """They stay comments, whatever a name is."""
    text = """
        version: 1
        database: {name: "a\\nDROP TABLE t; --", grants: [
            {to: gone, privileges: [ALL], until: 2027-01-15}]}
        roles: {"x\\ny": {password: "${env:NO_SUCH_VARIABLE}"}, gone: {}}
    """
    script = _rendered(text, tmp_path)
    head = script[: script.index("\\set ON_ERROR_STOP")]
    assert {line for line in head.splitlines() if not line.startswith("--")} == {""}
    assert '--     "x\\ny"' in head
    assert "a grant on the database, to gone: until 2027-01-15" in head
    assert "CREATE DATABASE" in head
    assert "TEMPLATE template0;" in head
    assert "NO_SUCH_VARIABLE" not in script
    assert "TEMPORARY'" not in script


def test_a_grant_holds_until_its_day(tmp_path: Path) -> None:
    text = """
        version: 1
        database: {name: d, grants: [{to: r, privileges: [TEMPORARY], until: 2027-01-16}]}
        roles: {r: {}}
    """
    assert "'TEMPORARY'" in _rendered(text, tmp_path)


def _rendered(text: str, folder: Path) -> str:
    file = folder / "spec.yaml"
    file.write_text(dedent(text), encoding="utf-8")
    return render(load(file, DAY).spec, DAY)


def test_a_script_and_an_apply_wait_for_each_other(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text("version: 1\ndatabase: {name: d}\n")
    assert f"pg_advisory_xact_lock({LOCK})" in render(load(spec).spec, DAY)
