"""`inspect` as a user meets it: what goes where, exit codes, and a plan right after."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import chirodb
from tests.servers import Database

_SHOP = """
CREATE ROLE {0}_shop LOGIN; CREATE ROLE {0}_bi LOGIN CONNECTION LIMIT 3; CREATE ROLE {0}_group;
CREATE SCHEMA shop AUTHORIZATION {0}_shop; CREATE SCHEMA stock AUTHORIZATION {0}_shop;
SET ROLE {0}_shop; CREATE TABLE shop.orders (id serial); CREATE TABLE stock.items (id int);
RESET ROLE; GRANT USAGE ON SCHEMA shop TO {0}_bi; GRANT SELECT ON shop.orders TO {0}_bi;
GRANT USAGE ON SCHEMA stock TO {0}_group; GRANT {0}_group TO {0}_bi;
GRANT SELECT ON stock.items TO {0}_group
"""
_UNSAID = "REVOKE SELECT ON shop.orders FROM {0}_shop"

_READING = """
CREATE ROLE {0}_other LOGIN; CREATE SCHEMA other AUTHORIZATION {0}_other;
GRANT USAGE ON SCHEMA stock TO {0}_other; GRANT SELECT ON stock.items TO {0}_other;
GRANT TEMPORARY ON DATABASE {0} TO {0}_other
"""


@pytest.fixture
def shop(database: Database) -> Database:
    _do(database, _SHOP)
    return database


def _do(database: Database, script: str) -> None:
    with database.connect() as connection:
        connection.execute(script.format(database.name).encode())


def _plans_nothing(folder: Path, database: Database, spec: str) -> None:
    url = ("--url", database.conninfo)
    assert chirodb("validate", "--spec", spec, cwd=folder).code == 0
    planned = chirodb("plan", "--spec", spec, *url, "--exit-code", cwd=folder)
    assert (planned.code, planned.err) == (0, ""), planned.out


@pytest.mark.every_version
def test_standard_output_is_the_spec(shop: Database, tmp_path: Path) -> None:
    done = chirodb("inspect", "--url", shop.conninfo)
    assert done.code == 0, done.err
    assert done.err.startswith(f"database {shop.name} on ")
    assert done.err.rstrip().endswith("2 services")
    (tmp_path / "chirodb.yaml").write_text(done.out)
    _plans_nothing(tmp_path, shop, "chirodb.yaml")


def test_a_file_and_a_folder(shop: Database, tmp_path: Path) -> None:
    url = ("--url", shop.conninfo)
    assert chirodb("inspect", *url, "--out", "new.yaml", cwd=tmp_path).out == ""
    _plans_nothing(tmp_path, shop, "new.yaml")
    again = chirodb("inspect", *url, "--out", "new.yaml", cwd=tmp_path)
    assert (again.code, again.err.splitlines()[0]) == (1, "error: `new.yaml` exists")
    assert chirodb("inspect", *url, "--split", "specs", cwd=tmp_path).code == 0
    files = sorted(str(p.relative_to(tmp_path)) for p in (tmp_path / "specs").rglob("*.yaml"))
    assert files == [
        "specs/database.yaml",
        "specs/roles.yaml",
        "specs/services/shop.yaml",
        "specs/services/stock.yaml",
    ]
    _plans_nothing(tmp_path, shop, "specs")
    again = chirodb("inspect", *url, "--split", "specs", cwd=tmp_path)
    assert (again.code, again.err.splitlines()[0]) == (1, "error: `specs` is no empty directory")
    assert chirodb("inspect", *url, "--out", "a", "--split", "b", cwd=tmp_path).code == 1


def test_what_a_spec_cannot_say_is_listed(shop: Database, tmp_path: Path) -> None:
    _do(shop, _UNSAID)
    done = chirodb("inspect", "--url", shop.conninfo, "--out", "spec.yaml", cwd=tmp_path)
    assert done.code == 2
    assert f"  grant SELECT on table shop.orders to {shop.name}_shop\n" in done.err
    assert (tmp_path / "spec.yaml").exists()


def test_only_some_schemas(shop: Database, tmp_path: Path) -> None:
    done = chirodb(
        "inspect", "--url", shop.conninfo, "--schema", "st*", "--out", "s.yaml", cwd=tmp_path
    )
    assert done.code == 0, done.err
    assert "schema: stock" in (text := (tmp_path / "s.yaml").read_text())
    assert "schema: shop" not in text
    _plans_nothing(tmp_path, shop, "s.yaml")


def test_only_some_roles_and_the_others_are_left_alone(shop: Database, tmp_path: Path) -> None:
    done = chirodb(
        "inspect", "--url", shop.conninfo, "--role", "*_group", "--out", "s.yaml", cwd=tmp_path
    )
    assert done.code == 0, done.err
    text = (tmp_path / "s.yaml").read_text()
    assert f"ignore: {{roles: [{shop.name}_bi]}}" in text
    assert f"{shop.name}_group: {{}}" in text
    _plans_nothing(tmp_path, shop, "s.yaml")


def test_an_owner_keeps_what_it_holds_whatever_roles_are_asked_for(
    shop: Database, tmp_path: Path
) -> None:
    _do(shop, _READING)
    url = ("--url", shop.conninfo)
    done = chirodb("inspect", *url, "--role", "*_group", "--out", "s.yaml", cwd=tmp_path)
    assert done.code == 0, done.err
    _plans_nothing(tmp_path, shop, "s.yaml")


def test_a_glob_that_matches_nothing_is_a_mistake(shop: Database) -> None:
    url = ("--url", shop.conninfo)
    schema = chirodb("inspect", *url, "--schema", "shop", "--schema", "stok")
    assert (schema.code, schema.out) == (1, "")
    assert schema.err == "error: no schema here matches `stok`\n  hint: did you mean `stock`?\n"
    role = chirodb("inspect", *url, "--role", f"{shop.name}_gruop")
    assert (role.code, role.out) == (1, "")
    assert role.err.endswith(f"hint: did you mean `{shop.name}_group`?\n")


def test_an_empty_database(database: Database, tmp_path: Path) -> None:
    done = chirodb("inspect", "--url", database.conninfo, "--out", "s.yaml", cwd=tmp_path)
    assert done.code == 0, done.err
    _plans_nothing(tmp_path, database, "s.yaml")


def test_the_database_of_the_environment(shop: Database) -> None:
    by_url = chirodb("inspect", env={"CHIRODB_URL": shop.conninfo})
    assert by_url.code == 0, by_url.err
    assert f"name: {shop.name}" in by_url.out


def test_no_database_and_a_wrong_one(tmp_path: Path, database: Database) -> None:
    none = chirodb("inspect", cwd=tmp_path)
    assert (none.code, none.out) == (1, "")
    assert none.err.startswith("error: which database?\n")
    url = database.server.conninfo_of("nowhere")
    wrong = chirodb("inspect", "--url", url)
    assert (wrong.code, wrong.out) == (1, "")
    assert "nowhere" in wrong.err


def test_a_target_of_a_spec(shop: Database, tmp_path: Path) -> None:
    target = "targets: {prod: {url: '${env:PROD_URL}'}}"
    (tmp_path / "old.yaml").write_text(f"version: 1\ndatabase: {{name: {shop.name}}}\n{target}\n")
    done = chirodb(
        *("inspect", "--spec", "old.yaml", "--target", "prod"),
        cwd=tmp_path,
        env={"PROD_URL": shop.conninfo},
    )
    assert done.code == 0, done.err
    assert "schema: shop" in done.out


@pytest.mark.every_version
def test_as_an_ordinary_administrator(shop: Database, tmp_path: Path) -> None:
    admin = f"{shop.name}_admin"
    _do(shop, f"CREATE ROLE {admin} LOGIN CREATEROLE CREATEDB PASSWORD 'it''s'")
    _do(shop, f'ALTER DATABASE "{{0}}" OWNER TO {admin}')
    conninfo = shop.server.conninfo_of(shop.name, user=admin, password="it's")
    done = chirodb("inspect", "--url", conninfo)
    assert done.code == 0, done.err
    (tmp_path / "s.yaml").write_text(done.out)
    again = chirodb("plan", "--spec", "s.yaml", "--url", conninfo, "--exit-code", cwd=tmp_path)
    assert again.code == 0, again.out + again.err
    _plans_nothing(tmp_path, shop, "s.yaml")


def test_no_password_and_no_secret_is_written(shop: Database) -> None:
    _do(
        shop,
        "ALTER ROLE {0}_bi PASSWORD 'hush'; ALTER DATABASE \"{0}\" SET app.jwt_secret = 'psst'",
    )
    done = chirodb("inspect", "--url", shop.conninfo)
    assert done.code == 0, done.err
    assert "app.jwt_secret" in done.out
    assert not any(word in done.out for word in ("hush", "psst", "SCRAM"))
